"""Settings of the model that tells texts of much the same meaning."""

from pydantic import Field, SecretStr, field_validator

from source.app.settings_fields import SettingFields, Url, empty_as_none


class EmbeddingFields(SettingFields):
    """Which model makes vectors of what was said, and where."""

    embedding_model: str | None = Field(
        default=None,
        max_length=200,
        examples=["text-embedding-3-small"],
        description="Model that finds what was said in other words, as its provider has it; empty: words alone count.",
    )
    embedding_base_url: Url | None = Field(
        default=None,
        examples=["http://127.0.0.1:11434/v1"],
        description="Address of the server of EMBEDDING_MODEL, with its /v1; empty: OPENAI_BASE_URL, with its key.",
    )
    embedding_api_key: SecretStr | None = Field(
        default=None,
        min_length=1,
        description="Key of that server, if it wants one; only from the environment or .env.",
    )

    @field_validator("embedding_model", "embedding_base_url", "embedding_api_key", mode="before")
    @classmethod
    def _without_embeddings(cls, value: object) -> object:
        return empty_as_none(value)
