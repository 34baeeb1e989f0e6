"""Profiles of people, and the codes that join their accounts."""

import sqlalchemy as sa
from alembic import op

from source.adapters.storage.moment import Moment

revision = "0006"
down_revision = "0005"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _profile_values()
    _link_codes()
    op.create_table(
        "link_attempts",
        sa.Column("person_id", _KEY, autoincrement=False, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_link_attempts_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", name="pk_link_attempts"),
    )
    _link_notices()


def _profile_values() -> None:
    op.create_table(
        "profile_values",
        sa.Column("id", _KEY, autoincrement=True, nullable=False),
        sa.Column("person_id", _KEY, nullable=False),
        sa.Column("platform", sa.String()),
        sa.Column("external_id", sa.String()),
        sa.Column("guild_id", sa.String()),
        sa.Column("circle", sa.String()),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("value", sa.Text()),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("conversation_id", _KEY),
        sa.Column("message_id", sa.BigInteger()),
        sa.Column("said_at", Moment(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_profile_values_person_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_profile_values_conversation_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_profile_values"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_profile_values_person_id", "profile_values", ["person_id", "field"])
    op.create_index("ix_profile_values_conversation_id", "profile_values", ["conversation_id"])


def _link_codes() -> None:
    op.create_table(
        "link_codes",
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("person_id", _KEY, nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_link_codes_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("platform", "external_id", name="pk_link_codes"),
        sa.UniqueConstraint("digest", name="uq_link_codes_digest"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_link_codes_person_id", "link_codes", ["person_id"])


def _link_notices() -> None:
    op.create_table(
        "link_notices",
        sa.Column("id", _KEY, autoincrement=True, nullable=False),
        sa.Column("person_id", _KEY, nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("other_platform", sa.String(), nullable=False),
        sa.Column("joined_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_link_notices_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_link_notices"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_link_notices_person_id", "link_notices", ["person_id"])
    op.create_index("ix_link_notices_account", "link_notices", ["platform", "external_id"])
