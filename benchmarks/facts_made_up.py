"""People who tell of themselves over months: what they say is made up by rule, so that it is known what holds."""

import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

# Of one attribute: how it is told at first, and how a change of it is. Some of it no rule knows.
_TOLD: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
    "home": (
        ("I live in {}.", "Ich wohne in {}.", "Vivo en {}.", "We're living in {} at the moment.", "My flat is in {}."),
        (
            "I moved to {} last week!",
            "I live in {} now.",
            "Ich wohne jetzt in {}.",
            "Me he mudado a {}.",
            "{} is my new home.",
        ),
    ),
    "employer": (
        (
            "I work at {}.",
            "I work for {} as an engineer.",
            "Ich arbeite bei {}.",
            "Trabajo en {}.",
            "{} pays my bills.",
        ),
        ("I now work for {}.", "I've just started at {}.", "Ich arbeite jetzt bei {}.", "My new employer is {}."),
    ),
    "phone": (
        ("My phone number is {}.", "Mein Handynummer ist {}.", "You can reach me at {}."),
        ("My new phone number is {}.", "My number is {} now, the other one is dead."),
    ),
    "favourite food": (
        ("My favourite food is {}.", "Mi comida favorita es {}.", "Nothing beats {} for me."),
        ("My favourite food is {} now.", "These days my favorite food is {}."),
    ),
    "boss": (
        ("My boss is called {}.", "Mein Chef heißt {}."),
        ("My new boss is called {}.", "My boss's name is now {}."),
    ),
}
_LIKED = ("I love {}.", "I really like {}.", "Ich mag {}.", "Me gusta {}.")
_DISLIKED = ("I don't like {} anymore.", "I hate {} by now.", "Ich mag kein {} mehr.", "No me gusta {}.")
_STAYS = ("I'm allergic to {}.", "My dog is called {}.", "I have a boat, the {}.", "I play {} in a band.")
# What is no fact of the person as they are: a wish, the past, another person, a question, a supposition.
_DISTRACTORS = {
    "home": (
        "My sister lives in {}.",
        "I used to live in {}.",
        "I would love to live in {}.",
        "Is {} a nice place to live?",
    ),
    "employer": ("My cousin works at {}.", "I almost took a job at {}.", "If I worked at {}, I'd be rich."),
    "phone": ("Her number is {}.",),
    "favourite food": ("My brother's favourite food is {}.", "Is {} your favourite food?"),
    "boss": ("Her boss is called {}.",),
}
_CHAT = ("Good morning!", "Thanks, that helps.", "What's the weather like?", "Can you say that again?", "Ha, nice one.")
_SYLLABLES = ("ba", "co", "di", "fu", "ga", "ke", "lo", "mi", "na", "pe", "ro", "su", "ta", "ve", "zo", "qui")


@dataclass(frozen=True, slots=True)
class Telling:
    """One message: of which attribute it tells which value, and whether that is a fact of the person's own."""

    text: str
    attribute: str | None = None
    value: str = ""
    is_fact: bool = False
    holds: bool = True


@dataclass(slots=True)
class MadeUpPerson:
    """Their dialogues, and what is so at the end: by attribute the value, and what was so before."""

    name: str
    dialogues: list[tuple[datetime, list[Telling]]] = field(default_factory=list)
    current: dict[str, str] = field(default_factory=dict)
    former: list[tuple[str, str]] = field(default_factory=list)


def made_up_people(number: int, *, dialogues: int = 8, seed: int = 7) -> list[MadeUpPerson]:
    """Return people, the same ones for the same seed."""
    chance = random.Random(seed)
    return [_person(chance, f"Person{which}", dialogues) for which in range(number)]


def _person(chance: random.Random, name: str, dialogues: int) -> MadeUpPerson:
    person = MadeUpPerson(name)
    at = datetime.fromisoformat("2026-01-05T09:00:00+00:00")
    for _ in range(dialogues):
        told: list[Telling] = []
        for _ in range(chance.randint(1, 3)):
            told += _fact(chance, person, {each.attribute for each in told})
        told += [_distractor(chance) for _ in range(chance.randint(1, 3))]
        told += [Telling(chance.choice(_CHAT)) for _ in range(chance.randint(1, 3))]
        chance.shuffle(told)
        person.dialogues.append((at, told))
        at += timedelta(days=chance.randint(3, 30))
    return person


def _fact(chance: random.Random, person: MadeUpPerson, said_today: Collection[str | None]) -> Iterator[Telling]:
    """Tell something new, or something that is no longer as it was; a thing changes once a dialogue at most."""
    kind = chance.random()
    if kind < 0.65:
        attribute = chance.choice([*_TOLD])
        if attribute in said_today:
            return
        first, changed = _TOLD[attribute]
        value = _value(chance, attribute)
        before = person.current.get(attribute)
        if before is not None:
            person.former.append((attribute, before))
        person.current[attribute] = value
        yield Telling(chance.choice(first if before is None else changed).format(value), attribute, value, is_fact=True)
    elif kind < 0.85:
        yield from _taste(chance, person, said_today)
    else:
        value = _value(chance, "thing")
        person.current[f"stays {value}"] = value
        yield Telling(chance.choice(_STAYS).format(value), f"stays {value}", value, is_fact=True)


def _taste(chance: random.Random, person: MadeUpPerson, said_today: Collection[str | None]) -> Iterator[Telling]:
    liked = [each for each in person.current if each.startswith("like ") and each not in said_today]
    if liked and chance.random() < 0.5:
        attribute = chance.choice(liked)
        value = person.current.pop(attribute)
        person.former.append((attribute, value))
        yield Telling(chance.choice(_DISLIKED).format(value), attribute, value, is_fact=True, holds=False)
    else:
        value = _value(chance, "thing")
        person.current[f"like {value}"] = value
        yield Telling(chance.choice(_LIKED).format(value), f"like {value}", value, is_fact=True)


def _distractor(chance: random.Random) -> Telling:
    attribute = chance.choice([*_DISTRACTORS])
    value = _value(chance, attribute)
    return Telling(chance.choice(_DISTRACTORS[attribute]).format(value), attribute, value)


def _value(chance: random.Random, attribute: str) -> str:
    """Return a value that nothing else has."""
    if attribute == "phone":
        return f"+49 {chance.randint(151, 179)} {chance.randint(1_000_000, 9_999_999)}"
    word = "".join(chance.choice(_SYLLABLES) for _ in range(4))
    return word if attribute in {"favourite food", "thing"} else word.capitalize()
