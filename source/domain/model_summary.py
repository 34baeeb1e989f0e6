"""What a language model must return for a summary, and what of it is kept."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field

from source.domain.json_answer import compact_schema, objects_in
from source.domain.summary import (
    Occasion,
    PointKind,
    Summary,
    SummaryPoint,
    SummarySource,
    fitting,
    render,
    room_in,
    short_title,
)
from source.domain.summary_material import NumberedSource
from source.domain.summary_text import one_line, shortened

SCHEMA_NAME = "conversation_summary"
_ABOUT_BYTES = 400
_POINT_BYTES = 300
_MOST_POINTS = 8
_MOST_TOPICS = 6
_MOST_IDS = 8
_NUMBER = re.compile(r"\d{1,9}")


def _points_only(value: object) -> list[dict[str, object]]:
    """Keep what can be a point: one bad point does not cost the others."""
    items = value if isinstance(value, list) else []
    return [item for item in items if isinstance(item, dict) and isinstance(item.get("text"), str)][:_MOST_POINTS]


def _numbers_only(value: object) -> list[int]:
    """Read 12, "12" and "[#12]" alike."""
    items = value if isinstance(value, list) else [value]
    found = (_NUMBER.search(str(item)) for item in items if isinstance(item, int | str))
    return [int(number[0]) for number in found if number][:_MOST_IDS]


def _text_only(value: object) -> str:
    return value if isinstance(value, str) else ""


class ModelPoint(BaseModel):
    """A point and the numbers of the lines that show it."""

    text: str
    message_ids: Annotated[list[int], BeforeValidator(_numbers_only)] = Field(default_factory=list)


Points = Annotated[list[ModelPoint], BeforeValidator(_points_only)]
Text = Annotated[str, BeforeValidator(_text_only)]


class ModelSummary(BaseModel):
    """A summary as a model writes it; what is missing or malformed counts as not said.

    What each field means is said in the prompt alone, not in the schema too: every summary call pays for both.
    """

    title: Text = ""
    about: Text = ""
    open_issues: Points = Field(default_factory=list)
    facts: Points = Field(default_factory=list)
    preferences: Points = Field(default_factory=list)
    person: Points = Field(default_factory=list)
    topics: Points = Field(default_factory=list)

    def sections(self) -> tuple[tuple[PointKind, Sequence[ModelPoint]], ...]:
        """The points by kind, the kinds that are missed most first."""
        return (
            (PointKind.OPEN, self.open_issues),
            (PointKind.FACT, self.facts),
            (PointKind.PREFERENCE, self.preferences),
            (PointKind.PERSON, self.person),
        )


class UnsupportedSummaryError(ValueError):
    """Nothing in a model's summary is shown by what the model was given."""


def response_schema() -> dict[str, object]:
    """Return the JSON schema of `ModelSummary` as strict servers take it."""
    return compact_schema(ModelSummary.model_json_schema())


def read_answer(text: str) -> ModelSummary:
    """Return the summary in a model's answer, which may wrap it in a code fence or in talk.

    Raises: ValueError: there is none.
    """
    for found in objects_in(text):
        if "about" in found or "facts" in found:
            return ModelSummary.model_validate(found)
    raise ValueError("no summary in the answer")


def checked_summary(
    answer: ModelSummary,
    sources: Sequence[NumberedSource],
    occasion: Occasion,
    *,
    max_bytes: int,
    include_client: bool,
) -> Summary:
    """Return what of an answer is shown by its sources, cut to `max_bytes` between points.

    Raises: UnsupportedSummaryError: nothing is.
    """
    shown = {source.number: source for source in sources}
    claimed = [point for _, points in answer.sections() for point in points]
    sections = [
        [point for each in points if (point := _supported(kind, each, shown))]
        for kind, points in answer.sections()
        if include_client or kind is not PointKind.PERSON
    ]
    if claimed and not any(_numbers_of(point, shown) for point in claimed):
        raise UnsupportedSummaryError("no point is shown by what was sent")
    about = shortened(_unquoted(one_line(answer.about)), _ABOUT_BYTES)
    opening = [SummaryPoint(PointKind.ABOUT, about, occasion.last)] if about else []
    best_first = _once_each(point for tier in zip_longest(*sections) for point in tier if point)
    heading = occasion.heading(SummarySource.MODEL)
    fits = fitting([*opening, *best_first, *_topics(answer, shown)], room_in(heading, max_bytes))
    if not fits:
        raise UnsupportedSummaryError("nothing that is shown fits")
    in_order = tuple(point for kind in PointKind for point in fits if point.kind is kind)
    return Summary(short_title(answer.title), render(heading, in_order), SummarySource.MODEL, in_order)


def _supported(kind: PointKind, point: ModelPoint, shown: Mapping[int, NumberedSource]) -> SummaryPoint | None:
    numbers = _numbers_of(point, shown)
    text = shortened(_unquoted(one_line(point.text)), _POINT_BYTES)
    return _shown_by(kind, text, numbers, shown) if text and numbers else None


def _unquoted(text: str) -> str:
    """Return `text` without quotes around all of it: in a summary's line those mark an excerpt."""
    return text[1:-1].strip() if len(text) > 1 and text[0] == "“" and text[-1] == "”" else text


def _topics(answer: ModelSummary, shown: Mapping[int, NumberedSource]) -> list[SummaryPoint]:
    """Return all topics as one point."""
    topics = [point for each in answer.topics[:_MOST_TOPICS] if (point := _supported(PointKind.TOPIC, each, shown))]
    if not topics:
        return []
    numbers = sorted({number for topic in answer.topics for number in _numbers_of(topic, shown)})
    names = dict.fromkeys(shortened(topic.text.rstrip("."), _POINT_BYTES // _MOST_TOPICS) for topic in topics)
    return [_shown_by(PointKind.TOPIC, ", ".join(names), numbers, shown)]


def _once_each(points: Iterable[SummaryPoint]) -> list[SummaryPoint]:
    """Drop points that say again what an earlier one says."""
    first: dict[str, SummaryPoint] = {}
    for point in points:
        first.setdefault(point.text.casefold().rstrip(". "), point)
    return list(first.values())


def _shown_by(kind: PointKind, text: str, numbers: Sequence[int], shown: Mapping[int, NumberedSource]) -> SummaryPoint:
    sources = [shown[number] for number in numbers]
    said_on = max((source.said_on for source in sources if source.said_on), default=None)
    ids = tuple(dict.fromkeys(source.message_id for source in sources if source.message_id is not None))
    return SummaryPoint(kind, text, said_on, ids)


def _numbers_of(point: ModelPoint, shown: Mapping[int, NumberedSource]) -> list[int]:
    return [number for number in dict.fromkeys(point.message_ids) if number in shown]
