"""How webhooks come in real life: again, late, before one another, the same in other bytes."""

import json
import random
from collections.abc import Sequence

from tests.fakes.graph_errors import Json
from tests.fakes.graph_items import Item


def with_other_bytes(raw: bytes, seed: int = 0) -> bytes:
    """The same body with its keys in another order, other blanks and other escapes, and a time on each entry."""
    chance = random.Random(seed)
    body: Json = json.loads(raw)
    for entry in body.get("entry", ()):
        entry["time"] = chance.randrange(1_700_000_000, 1_900_000_000)
    mixed = _mixed(body, chance)
    changed = json.dumps(mixed, indent=chance.choice((1, 2, 4)), ensure_ascii=chance.random() < 0.5)
    return changed.encode("utf-8", "surrogatepass")


def disordered(
    items: Sequence[Item], *, duplicates: float = 0.05, moved: float = 0.05, distance: int = 5, seed: int = 0
) -> list[Item]:
    """Every item at least once, a share of them twice, a share up to `distance` places later than it was."""
    chance = random.Random(seed)
    places: list[tuple[float, Item]] = []
    for number, item in enumerate(items):
        late = chance.randint(1, distance) + 0.5 if chance.random() < moved else 0.0
        places.append((number + late, item))
        if chance.random() < duplicates:
            places.append((number + chance.randint(0, distance) + 0.75, item))
    return [item for _, item in sorted(places, key=lambda one: one[0])]


def _mixed(value: object, chance: random.Random) -> object:
    """The same JSON with the keys of every object in another order."""
    if isinstance(value, dict):
        keys = list(value)
        chance.shuffle(keys)
        return {key: _mixed(value[key], chance) for key in keys}
    if isinstance(value, list):
        return [_mixed(one, chance) for one in value]
    return value
