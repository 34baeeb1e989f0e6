"""Which turns bear on a question: each sign decides where nothing else does."""

from dataclasses import fields, replace
from datetime import date

import numpy as np
import pytest

from source.domain.recall.dates import Span
from source.domain.recall.index import SaidIndex
from source.domain.recall.question import ECHO, Question
from source.domain.recall.ranking import Weights, ranked
from source.domain.recall.related import RelatedWords, read_related
from source.domain.recall.terms import stem
from source.domain.recall.turns import IndexedTurn, SaidTurn, indexed
from tests.unit.recall.made import turn, turns

NOTHING = RelatedWords()


def _order(
    said: list[IndexedTurn], question: Question, *, related: RelatedWords = NOTHING, weights: Weights | None = None
) -> list[int]:
    scores = ranked(SaidIndex(said), question, related, weights).scores
    return list(np.argsort(-scores, kind="stable"))


def _without(*names: str) -> Weights:
    return replace(Weights(), **dict.fromkeys(names, 0.0))


def _apart(*said: SaidTurn) -> list[IndexedTurn]:
    """Each in a conversation of its own, so that no turn bears on another."""
    return [indexed(replace(each, conversation_id=at, message_id=at)) for at, each in enumerate(said, 1)]


def _asks(*words: str, speakers: frozenset[str] = frozenset(), spans: tuple[Span, ...] = ()) -> Question:
    return Question(tuple(stem(word) for word in words), speakers=speakers, spans=spans)


def test_a_turn_with_the_words_comes_first() -> None:
    assert _order(_apart(turn("a fine day"), turn("the dog ran")), _asks("dog"))[0] == 1


def test_a_rare_word_counts_for_more_than_a_common_one() -> None:
    said = _apart(*[turn("the lake")] * 6, turn("the heron"))
    assert _order(said, _asks("lake", "heron"))[0] == 6


def test_more_of_the_words_are_better() -> None:
    said = _apart(turn("a dog here"), turn("a boat here"), turn("a dog, boat"))
    assert _order(said, _asks("dog", "boat"))[0] == 2


def test_the_words_of_who_is_asked_for_come_first_and_only_for_that() -> None:
    said = _apart(turn("the dog ran", speaker="web:ben"), turn("the dog ran", speaker="web:ana"))
    question = _asks("dog", speakers=frozenset({"web:ana"}))
    assert _order(said, question) == [1, 0]
    speaker = [field.name for field in fields(Weights) if field.name.startswith("speaker")]
    assert _order(said, question, weights=_without(*speaker)) == [0, 1]


def test_what_echo_said_is_found_when_it_is_asked_for() -> None:
    said = _apart(turn("the dog ran"), turn("the dog ran", speaker=None))
    assert _order(said, _asks("dog", speakers=frozenset({ECHO}))) == [1, 0]


def test_what_was_said_on_the_day_comes_first_and_only_for_that() -> None:
    said = _apart(turn("the dog ran"), turn("the dog ran", day=30))
    question = _asks("dog", spans=(Span(date(2023, 7, 1), date(2023, 7, 1)),))
    assert _order(said, question) == [1, 0]
    assert _order(said, question, weights=_without("date")) == [0, 1]


def test_the_neighbour_of_a_hit_comes_first_and_only_for_that() -> None:
    said = [*turns("a fine day", "oh well"), *turns("the dog ran", "oh well", conversation=2)]
    question = _asks("dog")
    assert _order(said, question)[:2] == [2, 3]
    near = ("before", "after", "two_away", "near", "wide", "answers", "first", "speaker_words", "speaker_near")
    assert _order(said, question, weights=_without(*near))[1] == 1


def test_a_related_word_is_found_and_only_for_that() -> None:
    said = _apart(turn("the boat ran"), turn("the puppy ran"))
    related = read_related(["dog > puppy"])
    assert _order(said, _asks("dog"), related=related, weights=_without("size")) == [1, 0]
    assert _order(said, _asks("dog"), weights=_without("size")) == [0, 1]
    without = _without("size", "related", "related_near", "speaker_related")
    assert _order(said, _asks("dog"), related=related, weights=without) == [0, 1]


def test_the_word_itself_counts_for_more_than_one_that_means_the_same_and_that_for_more_than_a_related_one() -> None:
    said = _apart(turn("the wolf ran"), turn("the puppy ran"), turn("the dog ran away"))
    assert _order(said, _asks("dog"), related=read_related(["dog > wolf", "dog = puppy"])) == [2, 1, 0]


def test_a_rare_related_word_counts_for_more_than_a_common_one() -> None:
    said = _apart(*[turn("the wolf")] * 6, turn("the lynx"))
    assert _order(said, _asks("animal"), related=read_related(["animal > wolf lynx"]))[0] == 6


def test_two_related_words_count_for_more_than_one_but_more_of_them_not_for_more_than_two_of_the_word() -> None:
    related = read_related(["animal > lynx bear seal wolf owl fox"])
    said = _apart(turn("lynx here it is so"), turn("bear seal it is so"), turn("wolf owl fox is so"))
    scores = ranked(SaidIndex(said), _asks("animal"), related, _without("size")).scores
    assert scores[0] < scores[1] == pytest.approx(scores[2])


def test_two_words_of_the_question_are_found_as_one() -> None:
    said = _apart(turn("the boat"), turn("the bookshelf"))
    assert _order(said, _asks("book", "shelf"), weights=_without("size"))[0] == 1
    assert _order(said, _asks("shelf", "book"), weights=_without("size"))[0] == 0


def test_a_word_that_frames_a_question_counts_for_less_than_one_that_tells() -> None:
    said = _apart(turn("a certain day"), turn("a heron here"))
    assert _order(said, _asks("certain", "heron"))[0] == 1


def test_who_is_named_besides_comes_after_who_is_asked_for_and_before_others() -> None:
    said = _apart(*(turn("the dog ran", speaker=f"web:{name}") for name in ("cleo", "ben", "ana")))
    question = replace(_asks("dog", speakers=frozenset({"web:ana"})), besides=frozenset({"web:ben"}))
    assert _order(said, question) == [2, 1, 0]


def test_words_that_mean_the_same_are_not_counted_as_words_of_the_question() -> None:
    said = _apart(turn("the puppy ran"), turn("the dogs ran"), turn("a doggy bag"))
    ranking = ranked(SaidIndex(said), Question(("dog", "bag")), read_related(["dog = puppy"]))
    assert ranking.words.tolist() == [0, 1, 1]


def test_a_word_that_begins_alike_is_found_and_only_for_that() -> None:
    said = _apart(turn("a boat"), turn("a painter"))
    assert _order(said, Question(("paint",)), weights=_without("size")) == [1, 0]
    without = _without(
        "size", "alike", "near", "wide", "words_of_the_best", "before", "after", "two_away", "speaker_words"
    )
    assert _order(said, Question(("paint",)), weights=replace(without, speaker_near=0.0)) == [0, 1]


def test_when_asks_for_words_of_time() -> None:
    said = _apart(turn("the dog ran"), turn("the dog ran yesterday"))
    plain = ranked(SaidIndex(said), _asks("dog"), NOTHING).scores
    asked = ranked(SaidIndex(said), replace(_asks("dog"), asks_when=True), NOTHING).scores
    assert asked[1] - asked[0] > plain[1] - plain[0]


def test_of_turns_that_say_as_much_the_short_one_is_first() -> None:
    said = _apart(turn("dog " + "so it was and so it is and so it will be " * 4), turn("dog so"))
    assert _order(said, _asks("dog"))[0] == 1


@pytest.mark.parametrize("name", ["words", "speaker", "date", "near", "wide", "related", "first", "size"])
def test_every_weight_is_a_weight(name: str) -> None:
    said = [*turns("the dog ran", "oh really?", "yes, last week"), *turns("a puppy and I", conversation=2)]
    question = _asks("dog", speakers=frozenset({"web:ana"}), spans=(Span(date(2023, 6, 1), date(2023, 6, 1)),))
    related = read_related(["dog > puppy"])
    before = ranked(SaidIndex(said), question, related).scores
    after = ranked(SaidIndex(said), question, related, _without(name)).scores
    assert not np.allclose(before, after)


def test_what_has_nothing_of_the_question_does_not_bear_on_it() -> None:
    said = [*turns("the dog ran", "oh well"), *turns("a fine day", conversation=2)]
    assert ranked(SaidIndex(said), _asks("dog"), NOTHING).bears.tolist() == [True, True, False]


def test_without_words_what_bears_is_of_the_speaker_or_of_the_day() -> None:
    said = _apart(turn("one"), turn("two", speaker="web:ben"), turn("three", speaker="web:ben", day=30))
    of_ana = _asks(speakers=frozenset({"web:ana"}))
    assert ranked(SaidIndex(said), of_ana, NOTHING).bears.tolist() == [True, False, False]
    of_the_day = _asks(spans=(Span(date(2023, 7, 1), date(2023, 7, 1)),))
    assert ranked(SaidIndex(said), of_the_day, NOTHING).bears.tolist() == [False, False, True]


def test_how_many_words_a_turn_has_is_counted() -> None:
    said = _apart(turn("the dog ran"), turn("a dog in a boat"), turn("a fine day"))
    assert ranked(SaidIndex(said), _asks("dog", "boat"), NOTHING).words.tolist() == [1, 2, 0]


def test_a_question_of_words_that_nobody_said_ranks_all_the_same() -> None:
    scores = ranked(SaidIndex(turns("one", "two")), _asks("zebra"), NOTHING).scores
    assert np.isfinite(scores).all()
