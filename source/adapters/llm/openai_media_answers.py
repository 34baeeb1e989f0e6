"""What servers answer about pictures and recordings, read tolerantly."""

from collections.abc import Mapping

from source.domain.errors import ModelAnswerError
from source.domain.message_text import storable
from source.ports.llm import UsageReported
from source.ports.media import ReadMedia

Answer = Mapping[str, object]


def picture_read(answer: Answer, model: str) -> ReadMedia:
    """Return what a chat completion says.

    Raises: ModelAnswerError: it says nothing.
    """
    message = _object(_first(answer.get("choices")).get("message"))
    usage = _object(answer.get("usage"))
    cached = _number(_object(usage.get("prompt_tokens_details")).get("cached_tokens"))
    return _read(
        message.get("content"), model, (_number(usage.get("prompt_tokens")), cached, usage.get("completion_tokens"))
    )


def recording_read(answer: Answer, model: str) -> ReadMedia:
    """Return what a transcription says; models that are paid by the minute count no tokens.

    Raises: ModelAnswerError: it says nothing.
    """
    usage = _object(answer.get("usage"))
    return _read(answer.get("text"), model, (_number(usage.get("input_tokens")), 0, usage.get("output_tokens")))


def _read(text: object, model: str, counted: tuple[int, int, object]) -> ReadMedia:
    said = storable(text).strip() if isinstance(text, str) else ""
    if not said:
        raise ModelAnswerError("the model found no words for it")
    sent, cached, written = counted
    reported = UsageReported(sent, cached, _number(written)) if sent else None
    return ReadMedia(said, model, reported)


def _first(values: object) -> Answer:
    return _object(values[0]) if isinstance(values, list) and values else {}


def _object(value: object) -> Answer:
    return value if isinstance(value, dict) else {}


def _number(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0
