"""What bears on a topic, before the rest."""

from typing import Final

from source.domain.topic_shift import stems

_BULLET: Final = "- "


def about_first(topic: str, summary: str) -> str:
    """Return a summary whose points that share a word with the topic come first; headings stay above their points."""
    wanted = set(stems(topic))
    if not wanted:
        return summary
    lines: list[str] = []
    points: list[str] = []
    for line in summary.splitlines():
        if line.startswith(_BULLET):
            points.append(line)
            continue
        lines += [*_sorted(points, wanted), line]
        points = []
    return "\n".join([*lines, *_sorted(points, wanted)])


def _sorted(points: list[str], wanted: set[str]) -> list[str]:
    return sorted(points, key=lambda point: wanted.isdisjoint(stems(point)))
