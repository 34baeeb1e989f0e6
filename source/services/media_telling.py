"""Files that people send, told in words before they are answered, so that a history is text."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from source.domain.errors import MediaError, MediaTooLargeError, ModelError
from source.domain.text_files import LONGEST_TEXT_BYTES, decoded, fenced, is_text, named
from source.domain.turn import ModelUsage, Purpose
from source.ports.clock import Clock
from source.ports.llm import UsageReported
from source.ports.media import Attachment, MediaKind, MediaReader, ReadMedia
from source.services.prices import Prices
from source.services.scrubbing import KeptText

log = structlog.get_logger(__name__)

# WhatsApp's own limits, and about what models take.
MOST_BYTES: Final = {
    MediaKind.IMAGE: 5 * 1_024 * 1_024,
    MediaKind.VOICE: 16 * 1_024 * 1_024,
    MediaKind.AUDIO: 16 * 1_024 * 1_024,
    MediaKind.DOCUMENT: LONGEST_TEXT_BYTES,
}
_PICTURES: Final = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
_HEARD: Final = frozenset({MediaKind.VOICE, MediaKind.AUDIO})
_NOT_SEEN: Final = "that could not be looked at"
_NOT_HEARD: Final = "that could not be listened to"
_TOO_LARGE: Final = "too large to be read"
_CUT: Final = " … (cut)"
_NO_PRICES: Final = Prices()
_DEADLINE: Final = timedelta(seconds=75)
# Each holds some megabytes, several times over.
_MOST_AT_ONCE: Final = 16


@dataclass(frozen=True, slots=True)
class Told:
    """A file in words, with its caption, and what the model took for them."""

    text: str
    usage: tuple[ModelUsage, ...] = ()


@dataclass(frozen=True, slots=True)
class MediaRules:
    """How files are told: the longest words in bytes, and what a caption is to the model that sees it.

    `prices` are those of the model named `priced`; of others none is known.
    """

    most_bytes: int = 24_000
    shown: KeptText = str
    prices: Prices = _NO_PRICES
    priced: str = ""


class MediaTelling:
    """Has pictures looked at and recordings listened to; what goes wrong with that is told as well."""

    def __init__(
        self, reader: MediaReader | None, clock: Clock, rules: MediaRules, *, deadline: timedelta = _DEADLINE
    ) -> None:
        self._reader = reader
        self._clock = clock
        self._rules = rules
        self._deadline = deadline
        self._room = asyncio.Semaphore(_MOST_AT_ONCE)

    async def told(self, attachment: Attachment, *, person: str) -> Told:
        """Return what somebody sent in words, within a time that is bounded.

        A document that is a short text is told with its text, others by their names.
        """
        try:
            async with asyncio.timeout(self._deadline.total_seconds()), self._room:
                return await self._read(attachment, person)
        except MediaTooLargeError:
            return Told(_worded(attachment, _named(attachment, _TOO_LARGE)))
        except (MediaError, ModelError, TimeoutError) as error:
            log.warning("media_not_read", kind=attachment.kind.name, error=type(error).__name__, reason=str(error))
            trouble = _NOT_HEARD if attachment.kind in _HEARD else _NOT_SEEN
            return Told(_worded(attachment, _named(attachment, trouble)))

    async def _read(self, attachment: Attachment, person: str) -> Told:
        if attachment.kind is MediaKind.DOCUMENT:
            return Told(_worded(attachment, await _document(attachment)))
        if self._reader is None or not self._is_readable(attachment, self._reader):
            return Told(_worded(attachment, _named(attachment)))
        content = await attachment.fetch(MOST_BYTES[attachment.kind])
        if attachment.kind in _HEARD:
            read = await self._reader.transcribed(content, attachment.media_type)
        else:
            caption = self._rules.shown(attachment.caption)
            read = await self._reader.described(content, attachment.media_type, caption)
        words = _within(read.text, self._rules.most_bytes)
        return Told(_worded(attachment, f"[{attachment.kind.value}: {words}]"), (self._usage(read, person),))

    @staticmethod
    def _is_readable(attachment: Attachment, reader: MediaReader) -> bool:
        if attachment.kind is MediaKind.IMAGE:
            return reader.sees and attachment.media_type in _PICTURES
        return reader.hears and attachment.kind in _HEARD

    def _usage(self, read: ReadMedia, person: str) -> ModelUsage:
        counted = read.reported or UsageReported(0, 0, 0)
        is_priced = read.reported is not None and read.model == self._rules.priced
        return ModelUsage(
            model=read.model,
            purpose=Purpose.MEDIA,
            created_at=self._clock.now(),
            input_tokens=counted.input_tokens,
            cached_tokens=counted.cached_tokens,
            output_tokens=counted.output_tokens,
            estimated=read.reported is None,
            cost=self._cost(counted) if is_priced else None,
            person=person,
        )

    def _cost(self, counted: UsageReported) -> int | None:
        return self._rules.prices.cost(
            input_tokens=counted.input_tokens,
            cached_tokens=counted.cached_tokens,
            output_tokens=counted.output_tokens,
        )


async def _document(attachment: Attachment) -> str:
    """Return a document's text under its name, or its name."""
    if is_text(attachment.name, attachment.media_type) and attachment.size_bytes <= LONGEST_TEXT_BYTES:
        try:
            text = decoded(await attachment.fetch(MOST_BYTES[MediaKind.DOCUMENT]))
        except MediaTooLargeError:
            text = None
        if text is not None:
            return fenced(attachment.name or "text", text)
    return _named(attachment)


def _worded(attachment: Attachment, words: str) -> str:
    # A fence ends with its line.
    between = "\n" if words.endswith("`") else " "
    return f"{words}{between}{attachment.caption}".strip()


def _named(attachment: Attachment, trouble: str = "") -> str:
    if attachment.kind is MediaKind.DOCUMENT:
        return named(attachment.name or attachment.kind.value, attachment.media_type, attachment.size_bytes)
    return f"[{f'{attachment.kind.value} {trouble}'.strip()}]"


def _within(text: str, most_bytes: int) -> str:
    if len(text.encode()) <= most_bytes:
        return text
    room = max(0, most_bytes - len(_CUT.encode()))
    return text.encode()[:room].decode("utf-8", "ignore") + _CUT
