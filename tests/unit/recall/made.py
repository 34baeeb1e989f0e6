"""Turns and questions, made in a few words."""

from datetime import UTC, datetime, timedelta

from source.domain.recall.turns import IndexedTurn, SaidTurn, indexed

BEGAN = datetime(2023, 6, 1, 12, tzinfo=UTC)


def turn(
    text: str, number: int = 1, *, conversation: int = 1, speaker: str | None = "web:ana", day: int = 0
) -> SaidTurn:
    """A message that was said some days after BEGAN."""
    return SaidTurn(conversation, number, BEGAN + timedelta(days=day), speaker, text)


def turns(*texts: str, conversation: int = 1, speaker: str | None = "web:ana") -> list[IndexedTurn]:
    """Messages of one conversation, one after the other."""
    return [
        indexed(turn(text, conversation * 1_000 + number, conversation=conversation, speaker=speaker))
        for number, text in enumerate(texts)
    ]
