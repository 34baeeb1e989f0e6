"""What was forgotten is known again when it comes back, without its words."""

from source.domain.forgotten_fact import Forgotten, without_forgotten, without_text
from source.domain.memory import MemoryPart
from tests.fakes.memory_samples import claim

ANA, BEN = 1, 2
# Messages 10 and 11 are Ana's, 20 is Ben's, 30 was said after the fact was forgotten; 40 is Echo's.
SAID = {10: ANA, 11: ANA, 20: BEN, 30: ANA}
HOME, TEA = "Ana lives in Lisbon.", "Ana likes tea."


def forgotten(text: str = HOME, *, part: MemoryPart = MemoryPart.FACTS, kept: tuple[str, ...] = ()) -> Forgotten:
    return Forgotten.of(text, person_id=ANA, part=part, message_ids=[10], covers_to=29, kept=kept)


def left(*items: object, part: str = "facts", kept: tuple[str, ...] = ()) -> list[object]:
    found = without_forgotten({part: [*items]}, [forgotten(kept=kept)], SAID)[part]
    assert isinstance(found, list)
    return [*found]


def test_the_same_words_do_not_come_back_whichever_part_they_are_in() -> None:
    for part in ("facts", "preferences", "intents"):
        assert left(claim("ana lives in LISBON!", 11), part=part) == []


def test_other_words_from_the_same_message_do_not_come_back() -> None:
    assert left(claim("Lisbon is Ana's home.", 10)) == []
    assert left(claim("Lisbon is Ana's home.", 10, 40)) == [], "Echo saying it too shows nothing more"


def test_a_topic_from_the_same_message_does_not_come_back() -> None:
    assert left(claim("lisbon", 10), part="topics") == []
    assert left(claim("lisbon", 10, 11), part="topics") != []


def test_what_the_same_message_shows_and_was_kept_stays() -> None:
    assert left(claim(TEA, 10), kept=(TEA,)) == [claim(TEA, 10)]


def test_what_other_messages_show_stays() -> None:
    assert left(claim("Lisbon is Ana's home.", 11)) != []
    assert left(claim("Ana lives in Porto.", 10), part="open_issues") != []


def test_what_is_said_again_later_may_be_remembered() -> None:
    assert left(claim(HOME, 10, 30)) == [claim(HOME, 10, 30)]


def test_what_somebody_else_said_is_theirs_and_what_only_echo_said_is_not() -> None:
    assert left(claim(HOME, 20)) == [claim(HOME, 20)]
    assert left(claim(HOME, 40)) != [], "after the time up to which it was forgotten"
    assert left(claim(HOME, 12)) == []


def test_the_opposite_is_something_else() -> None:
    assert left(claim("Ana does not live in Lisbon.", 11)) != []


def test_a_summary_loses_the_sentences_that_say_it() -> None:
    summary = claim("Ana lives in Lisbon. She asked for trains.", 10)
    data = without_forgotten({"summary": summary, "language": "en"}, [forgotten()], SAID)
    assert data == {"summary": claim("She asked for trains.", 10), "language": "en"}
    assert without_forgotten({"summary": claim(HOME, 10)}, [forgotten()], SAID)["summary"] is None


def test_nothing_of_it_can_be_read_in_what_is_kept() -> None:
    noted = forgotten(kept=(TEA,))
    assert "isbon" not in repr(noted)
    assert "tea" not in repr(noted)
    assert forgotten().digest != noted.digest, "each with a salt of its own"


def test_forgetting_takes_every_item_of_the_same_words_and_what_the_summary_tells() -> None:
    data = {
        "facts": [claim(HOME, 10), claim(TEA, 10)],
        "preferences": [claim("Ana lives in Lisbon", 10)],
        "summary": claim("She lives near the river in Lisbon. She likes tea.", 10),
        "covers_to": 29,
    }
    assert without_text(data, HOME, ANA, SAID, ("Ana",)) == {
        "facts": [claim(TEA, 10)],
        "preferences": [],
        "summary": claim("She likes tea.", 10),
        "covers_to": 29,
    }


def test_what_another_said_in_the_same_words_stays() -> None:
    data = {"facts": [claim(HOME, 20)]}
    assert without_text(data, HOME, ANA, SAID, ("Ana",)) == data
