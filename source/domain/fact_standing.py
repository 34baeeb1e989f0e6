"""Which of the things that were said of a person are known now: the same is told once, and the newer one wins."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from source.domain.fact import Fact, KnownFact, Slot
from source.domain.fact_slots import agree
from source.domain.memory import MemoryPart

# Facts and preferences are told apart by whoever notes them, not always in the same way.
_ABOUT: Final = frozenset({MemoryPart.FACTS, MemoryPart.PREFERENCES})
# A longer sentence tells more than what its rule sees.
_MOST_WORDS_ALIKE: Final = 6


@dataclass(eq=False, slots=True)
class _Group:
    """The same thing as it was said several times, the newest first."""

    facts: list[Fact]
    replaced_by: list[Fact] = field(default_factory=list)

    @property
    def newest(self) -> Fact:
        return self.facts[0]


def standing(facts: Iterable[Fact]) -> list[KnownFact]:
    """Return what is known and what was, the newest first; a thing that was said more than once is one.

    Only what is given counts: for one who does not see the newer fact, the older one still stands.
    """
    groups = list(_grouped(sorted(facts, key=_order, reverse=True)))
    _replace_by_rule(groups)
    _replace_as_told(groups)
    _replace_topics(groups)
    return [_known(group) for group in groups]


def _order(fact: Fact) -> tuple[datetime, int, int]:
    return fact.said_at, max(fact.message_ids, default=0), fact.fact_id


def _is_newer(one: Fact, other: Fact) -> bool:
    """Whether one was said after the other: of what one message says, nothing takes the place of the rest."""
    return _order(one)[:2] > _order(other)[:2]


def _grouped(newest_first: Sequence[Fact]) -> Iterator[_Group]:
    groups: dict[tuple[str, str], _Group] = {}
    for fact in newest_first:
        keys = list(_keys(fact))
        known = next((groups[key] for key in keys if key in groups), None)
        if known is not None:
            known.facts.append(fact)
        else:
            known = _Group([fact])
            yield known
        for key in keys:
            groups.setdefault(key, known)


def _keys(fact: Fact) -> Iterator[tuple[str, str]]:
    """Yield by what another fact is known as the same."""
    kind = "about" if fact.part in _ABOUT else fact.part.value
    yield kind, f"{(fact.found.name or '').casefold()}: {fact.found.form}"
    if fact.found.slots and len(fact.found.form.split()) <= _MOST_WORDS_ALIKE:
        yield kind, "; ".join(sorted(f"{slot.subject}={slot.value}={slot.holds}" for slot in fact.found.slots))


def _replace_by_rule(groups: Sequence[_Group]) -> None:
    """Note for each group whose every slot something newer contradicts what did so first."""
    told: defaultdict[str, list[tuple[_Group, Slot]]] = defaultdict(list)
    for group in groups:
        if group.newest.part in _ABOUT:
            for slot in group.newest.found.slots:
                told[slot.subject].append((group, slot))
    for group in groups:
        slots = group.newest.found.slots if group.newest.part in _ABOUT else ()
        against = [_first_against(group, slot, told[slot.subject]) for slot in slots]
        if against and None not in against:
            group.replaced_by += (fact for fact in against if fact is not None)


def _first_against(group: _Group, slot: Slot, told: Iterable[tuple[_Group, Slot]]) -> Fact | None:
    newer = [
        other.newest
        for other, claim in told
        if other is not group and _contradict(claim, slot) and _is_newer(other.newest, group.newest)
    ]
    return min(newer, key=_order, default=None)


def _contradict(newer: Slot, older: Slot) -> bool:
    """Whether both cannot hold: one place to live or another, a taste or none of it."""
    if newer.holds and older.holds:
        return not agree(newer.value, older.value)
    return newer.holds is not older.holds and agree(newer.value, older.value)


def _replace_as_told(groups: Sequence[_Group]) -> None:
    """Note what whoever made the memories said to be out of date, as far as that can be."""
    group_of: Mapping[int, _Group] = {fact.fact_id: group for group in groups for fact in group.facts}
    for group in groups:
        for fact in group.facts:
            for target in fact.found.replaces:
                old = group_of.get(target)
                if old is not None and old is not group and _can_replace(fact, old.newest):
                    old.replaced_by.append(fact)


def _can_replace(fact: Fact, old: Fact) -> bool:
    if not _is_newer(fact, old) or not (old.part is MemoryPart.OPEN_ISSUES or {fact.part, old.part} <= _ABOUT):
        return False
    # Of what there may be many, one may well take the place of another.
    subjects = [{slot.subject for slot in each.found.slots if slot.value} for each in (fact, old)]
    return not all(subjects) or not subjects[0].isdisjoint(subjects[1])


def _replace_topics(groups: Sequence[_Group]) -> None:
    """Have topics go with what was replaced, where they are but words of it."""
    gone: defaultdict[int, list[tuple[Fact, Fact]]] = defaultdict(list)
    for group in groups:
        if group.replaced_by:
            for fact in group.facts:
                gone[fact.conversation_id].append((fact, group.replaced_by[0]))
    for group in groups:
        if group.newest.part is MemoryPart.TOPICS:
            by = [_gone_with(topic, gone[topic.conversation_id]) for topic in group.facts]
            if None not in by:
                group.replaced_by += (fact for fact in by if fact is not None)


def _gone_with(topic: Fact, gone: Iterable[tuple[Fact, Fact]]) -> Fact | None:
    """Return what replaced something that has all the words of a topic, from no other messages."""
    for old, new in gone:
        is_of_it = set(old.found.form.split()).issuperset(topic.found.form.split())
        if is_of_it and set(old.message_ids).issuperset(topic.message_ids):
            return new
    return None


def _known(group: _Group) -> KnownFact:
    return KnownFact(group.newest, tuple(group.facts[1:]), min(group.replaced_by, key=_order, default=None))
