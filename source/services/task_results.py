"""What came of a task's pieces, put together; a piece that failed for good counts nothing."""

from collections.abc import Iterable, Mapping, Sequence

from source.domain.task import Json


def summed(results: Sequence[Json], *keys: str) -> dict[str, int]:
    """Add up what the pieces counted under these keys."""
    return {key: sum(_number(result.get(key)) for result in results) for key in keys}


def merged(results: Sequence[Json], key: str) -> dict[str, object]:
    """Put together what the pieces named under a key, such as sentences by id."""
    found: dict[str, object] = {}
    for result in results:
        named = result.get(key)
        if isinstance(named, Mapping):
            found |= {str(name): value for name, value in named.items()}
    return found


def joined(results: Sequence[Json], key: str) -> list[object]:
    """Put together what the pieces listed under a key."""
    lists = (result.get(key) for result in results)
    return [each for listed in lists if isinstance(listed, list) for each in listed]


def remarked(output: Json, results: Sequence[Json], sentence: str, *, unless: Iterable[object]) -> Json:
    """Add why nothing came of it where nothing did: everything in `unless` is empty or 0, and no piece failed."""
    if any(unless) or any("error" in result for result in results):
        return output
    return {**output, "remark": sentence}


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def merged_counts(results: Sequence[Json], key: str) -> dict[str, dict[str, int]]:
    """Add up what the pieces counted under a key by name and kind, such as messages by place."""
    found: dict[str, dict[str, int]] = {}
    for result in results:
        named = result.get(key)
        for name, counts in named.items() if isinstance(named, Mapping) else ():
            known = found.setdefault(str(name), {})
            for kind, number in counts.items() if isinstance(counts, Mapping) else ():
                known[str(kind)] = known.get(str(kind), 0) + _number(number)
    return found
