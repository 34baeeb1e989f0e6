"""What the words of a message show, without a model."""

import time

import pytest

from source.adapters.sentiment.vader import VaderMood
from source.domain.memory import MemorySource
from source.domain.metadata import Analysis, Aspects, Category, Sentiment, overall
from source.domain.metadata_rules import category_by_words, tags_by_words
from source.domain.mood_words import language_of, mood_by_words
from source.services.metadata_offline import OfflineAnalyst


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("Can I book a table for four on Friday?", Category.APPOINTMENT),
        ("Ich möchte einen Termin für Montag vereinbaren.", Category.APPOINTMENT),
        ("Quiero una cita para mañana.", Category.APPOINTMENT),
        ("How much is a haircut?", Category.INQUIRY),
        ("Haben Sie sonntags geöffnet?", Category.INQUIRY),
        ("¿Cuánto cuesta el envío?", Category.INQUIRY),
        ("営業時間は何時ですか？", Category.INQUIRY),
        ("My appointment was terrible and I want a refund", Category.COMPLAINT),
        ("Das Gerät ist kaputt.", Category.COMPLAINT),
        ("El producto llegó roto", Category.COMPLAINT),
        ("I have a suggestion for your menu", Category.FEEDBACK),
        ("Vielen Dank für die nette Beratung", Category.FEEDBACK),
        ("Muchas gracias por todo", Category.FEEDBACK),
        ("Hello there", Category.GENERAL),
        ("Determine the terminal velocity of a cat", Category.GENERAL),
    ],
)
def test_a_category_is_told_by_words_in_three_languages(text: str, category: Category) -> None:
    assert category_by_words(text) is category


def test_tags_are_told_by_words() -> None:
    assert tags_by_words("URGENT: how much is express shipping?") == ("urgent", "price_inquiry", "delivery")
    assert tags_by_words("Bitte dringend um Rückruf wegen der Rechnung") == ("urgent", "follow_up", "payment")
    assert tags_by_words("Sigo esperando el reembolso, gracias") == ("follow_up", "refund", "thanks")
    assert tags_by_words("detergent and errorless") == ()


def test_a_language_is_known_by_its_small_words() -> None:
    assert language_of("What is the price of this?") == "en"
    assert language_of("Was kostet das bei euch?") == "de"
    assert language_of("¿Qué precio tiene el envío?") == "es"
    assert language_of("Je voudrais un rendez-vous avec vous pour le matin") is None
    assert language_of("Super!") is None


@pytest.mark.parametrize(
    ("text", "mood"),
    [
        ("Vielen Dank, das war super!", Sentiment.POSITIVE),
        ("Das ist leider nicht gut.", Sentiment.NEGATIVE),
        ("Der Kuchen war gut, aber der Service schrecklich.", Sentiment.MIXED),
        ("Ich komme am Montag mit dem Zug.", Sentiment.NEUTRAL),
        ("El servicio no es malo", Sentiment.POSITIVE),
        ("Estoy muy decepcionado con el pedido", Sentiment.NEGATIVE),
        ("Merci 😊", Sentiment.POSITIVE),
        ("Это ужасно", None),
    ],
)
def test_a_mood_is_told_by_words_where_the_language_is_known(text: str, mood: Sentiment | None) -> None:
    assert OfflineAnalyst().analysis(text, Aspects()).sentiment is mood


@pytest.mark.parametrize(
    ("text", "mood"),
    [
        ("Thanks a lot, that was great!", Sentiment.POSITIVE),
        ("This is the worst service that I ever had.", Sentiment.NEGATIVE),
        ("I love the design, but the delivery was terrible.", Sentiment.MIXED),
        ("What time do you open on Sunday?", Sentiment.NEUTRAL),
        ("Please help me find the invoice", Sentiment.NEUTRAL),
        ("Awesome!", Sentiment.POSITIVE),
        ("die war gut", Sentiment.POSITIVE),
        ("Zug Montag", None),
    ],
)
def test_english_moods_are_told_by_a_lexicon(text: str, mood: Sentiment | None) -> None:
    assert OfflineAnalyst(VaderMood()).analysis(text, Aspects()).sentiment is mood


def test_without_the_lexicon_english_is_told_by_a_short_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "vaderSentiment", None)
    gauge = VaderMood()
    assert gauge.mood("great") is None
    analyst = OfflineAnalyst(gauge)
    assert analyst.analysis("That was great, thanks", Aspects()).sentiment is Sentiment.POSITIVE
    assert analyst.analysis("Awesome!", Aspects()).sentiment is None


def test_a_very_long_text_takes_no_time() -> None:
    started = time.perf_counter()
    for text in ("good bad " * 30_000, "a" * 200_000, "?" * 200_000):
        OfflineAnalyst(VaderMood()).analysis(text, Aspects())
    assert time.perf_counter() - started < 2


def test_moods_by_words_read_both_ends() -> None:
    assert mood_by_words("gut " + "x " * 5_000, "de") is Sentiment.POSITIVE
    assert mood_by_words("x " * 5_000 + "gut", "de") is Sentiment.POSITIVE


def _of(sentiment: Sentiment | None, category: Category | None = None, *tags: str) -> Analysis:
    return Analysis(sentiment, category, tags, MemorySource.MODEL)


def test_a_conversation_is_what_its_messages_are() -> None:
    messages = [
        _of(Sentiment.NEUTRAL, Category.GENERAL, "b"),
        _of(Sentiment.NEGATIVE, Category.COMPLAINT, "a", "b"),
        _of(Sentiment.NEUTRAL, Category.GENERAL),
    ]
    whole = overall(messages, MemorySource.MODEL)
    assert whole == _of(Sentiment.NEGATIVE, Category.COMPLAINT, "b", "a")
    assert overall([*messages, _of(Sentiment.POSITIVE)], MemorySource.MODEL).sentiment is Sentiment.MIXED
    assert overall(messages[:1], MemorySource.MODEL).category is Category.GENERAL
    unknown = Analysis(None, None, None, MemorySource.OFFLINE)
    assert overall([unknown], MemorySource.OFFLINE) == unknown
    many = [_of(None, None, *(str(number) for number in range(30)))]
    assert len(overall(many, MemorySource.MODEL).tags or ()) == 20
