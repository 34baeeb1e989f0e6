"""Chats as phones export them."""

import pytest

from source.domain.errors import RefusedInputError
from source.domain.imports.chat import ExportedChat
from source.domain.imports.date_order import DateOrder
from source.domain.thread import Platform
from tests.fakes.import_samples import GARDEN, NOW, whatsapp


def said(chat: ExportedChat) -> list[tuple[str, str, str]]:
    return [
        (f"{each.said_at:%Y-%m-%d %H:%M:%S}", each.speaker.display_name if each.speaker else "Echo", each.text)
        for each in chat.messages
    ]


ANDROID = "2026-11-20 17:53:00"
IPHONE = "2026-11-20 17:53:02"


@pytest.mark.parametrize(
    ("line", "moment"),
    [
        ("[20.11.26, 17:53:02] Ann: Hallo", IPHONE),
        ("[20/11/2026, 17:53:02] Ann: Hallo", IPHONE),
        ("[20/11/2026, 5:53:02\u202fPM] Ann: Hallo", IPHONE),
        ("[11/20/26, 5:53:02\u202fPM] Ann: Hallo", IPHONE),
        ("\u200e[2026-11-20, 5:53:02 p.m.] Ann: Hallo", IPHONE),
        ("[2026/11/20 下午5:53:02] Ann: Hallo", IPHONE),
        ("[2026. 11. 20. 오후 5:53:02] Ann: Hallo", IPHONE),
        ("20/11/2026, 17:53 - Ann: Hallo", ANDROID),
        ("11/20/26, 5:53 PM - Ann: Hallo", ANDROID),
        ("20.11.26, 17:53 - Ann: Hallo", ANDROID),
        ("2026-11-20, 17:53 - Ann: Hallo", ANDROID),
        ("20-11-2026 17:53 - Ann: Hallo", ANDROID),
        ("20/11/2026 às 17:53 - Ann: Hallo", ANDROID),
        ("20.11.2026 klo 17.53 - Ann: Hallo", ANDROID),
        ("20/11/26 5:53 p. m. - Ann: Hallo", ANDROID),
        ("20. 11. 2026 17:53 - Ann: Hallo", ANDROID),
        ("٢٠\u200f/١١\u200f/٢٠٢٦، ٥:٥٣ م - Ann: Hallo", ANDROID),
    ],
)
def test_a_line_of_every_kind_of_phone_is_read(line: str, moment: str) -> None:
    assert said(whatsapp(line)) == [(moment, "Ann", "Hallo")]


def test_twelve_on_the_clock_is_noon_and_midnight() -> None:
    chat = whatsapp("11/20/26, 12:01 AM - Ann: night\n11/20/26, 11:59 AM - Ann: late\n11/20/26, 12:01 PM - Ann: noon\n")
    assert [f"{each.said_at:%H:%M}" for each in chat.messages] == ["00:01", "11:59", "12:01"]


def test_lines_go_on_and_what_whatsapp_says_is_left_out_and_counted() -> None:
    chat = whatsapp(GARDEN)
    assert [text for *_, text in said(chat)][:3] == [
        "The garden gate squeaks",
        "I will oil it\ntomorrow",
        "<Media omitted>",
    ]
    assert chat.left_out == 1
    assert chat.unread == ()


def test_an_iphones_chat_names_itself_and_its_own_lines_are_left_out() -> None:
    chat = whatsapp(
        "[20.11.26, 17:53:02] Garden club: \u200eMessages and calls are end-to-end encrypted.\r\n"
        "[20.11.26, 17:54:02] Garden club: \u200eAnn added Bob\r\n"
        "\u200e[20.11.26, 17:55:02] Ann: \u200e<attached: 00000012-PHOTO-2026-11-20.jpg>\r\n"
        "[20.11.26, 17:56:02] Ann: \u200eimage omitted\r\n"
    )
    assert chat.name == "Garden club"
    assert chat.thread.thread_id == "import:Garden club"
    assert [text for *_, text in said(chat)] == ["<attached: 00000012-PHOTO-2026-11-20.jpg>", "image omitted"]
    assert chat.left_out == 2


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("I come at six \u200e<This message was edited>", "I come at six"),
        ("I come at six <This message was edited>", "I come at six"),
        ("Ich komme um sechs \u200e<Diese Nachricht wurde bearbeitet.>", "Ich komme um sechs"),
        ("Vengo a las seis \u200e<Se editó este mensaje>", "Vengo a las seis"),
    ],
)
def test_what_was_edited_is_kept_without_the_note(text: str, kept: str) -> None:
    (message,) = whatsapp(f"20/11/2026, 17:53 - Ann: {text}").messages
    assert (message.text, message.was_edited) == (kept, True)


@pytest.mark.parametrize("text", ["Use <b> there", "see <https://example.org/a>"])
def test_brackets_of_ones_own_are_no_note(text: str) -> None:
    (message,) = whatsapp(f"20/11/2026, 17:53 - Ann: {text}").messages
    assert (message.text, message.was_edited) == (text, False)


@pytest.mark.parametrize(
    "text", ["\u200eThis message was deleted.", "Du hast diese Nachricht gelöscht", "Eliminaste este mensaje."]
)
def test_what_was_deleted_is_kept_as_deleted(text: str) -> None:
    (message,) = whatsapp(f"20/11/2026, 17:53 - Ann: {text}").messages
    assert (message.text, message.is_deleted) == ("", True)


def test_days_before_months_are_told_by_one_date_of_the_whole_file() -> None:
    chat = whatsapp("03/04/2026, 10:00 - Ann: a\n13/04/2026, 10:00 - Ann: b\n")
    assert [f"{each.said_at:%m-%d}" for each in chat.messages] == ["04-03", "04-13"]


def test_days_before_months_are_told_by_dates_that_would_go_back() -> None:
    chat = whatsapp("01/02/2026, 10:00 - Ann: a\n02/02/2026, 10:00 - Ann: b\n01/03/2026, 10:00 - Ann: c\n")
    assert [f"{each.said_at:%m-%d}" for each in chat.messages] == ["02-01", "02-02", "03-01"]


def test_dates_of_several_readings_are_refused_with_the_option_that_decides() -> None:
    text = "03/04/2026, 10:00 - Ann: a\n04/05/2026, 10:00 - Ann: b\n"
    with pytest.raises(RefusedInputError, match=r"line 1: .*03/04/2026.*--dates dmy.*--dates mdy"):
        whatsapp(text)
    assert f"{whatsapp(text, dates=DateOrder.MDY).messages[0].said_at:%m-%d}" == "03-04"
    assert f"{whatsapp(text, dates=DateOrder.DMY).messages[0].said_at:%m-%d}" == "04-03"


def test_a_date_after_today_is_no_reading() -> None:
    assert f"{whatsapp('10/12/2026, 10:00 - Ann: a').messages[0].said_at:%m-%d}" == "10-12"


def test_what_has_no_place_is_counted_with_its_line() -> None:
    chat = whatsapp("a stray line\n20/11/2026, 17:53 - Ann: Hallo\n20/11/2026, 27:53 - Ann: never\n")
    assert [(each.number, each.reason) for each in chat.unread] == [
        (1, "it stands before the first message"),
        (3, "there is no such date or time"),
    ]


def test_an_unknown_word_for_half_a_day_is_refused() -> None:
    with pytest.raises(RefusedInputError, match=r"line 2: .*“xyz”"):
        whatsapp("20/11/2026, 5:53 PM - Ann: a\n20/11/2026, 5:54 xyz - Ann: b\n")


@pytest.mark.parametrize("text", ["", "Dear Ann,\nhow are you?\n", "1,2,3\n4,5,6\n"])
def test_another_text_is_refused(text: str) -> None:
    with pytest.raises(RefusedInputError, match="line 1: this is no exported WhatsApp chat"):
        whatsapp(text)


def test_a_time_is_of_the_phones_zone() -> None:
    (message,) = whatsapp("20/07/2026, 17:53 - Ann: Hallo", zone="Europe/Berlin").messages
    assert f"{message.said_at:%H:%M}" == "15:53"


def test_the_hour_that_comes_twice_goes_forward() -> None:
    text = "".join(f"25/10/2026, {at} - Ann: {at}\n" for at in ("01:30", "02:30", "02:50", "02:10", "03:10"))
    moments = [each.said_at for each in whatsapp(text, zone="Europe/Berlin").messages]
    assert moments == sorted(moments)


def test_somebody_without_a_name_is_known_by_their_number() -> None:
    chat = whatsapp("20/11/2026, 17:53 - +49 170 1234567: Hallo\n20/11/2026, 17:54 - ~ Bo: Hi\n", chat="Club")
    assert list(chat.people.items()) == [("phone:491701234567", "Somebody …67"), ("name:Club/Bo", "Bo")]


def test_my_lines_are_echos() -> None:
    assert [who for _, who, _ in said(whatsapp(GARDEN, me=("Bob",)))] == ["Ann", "Echo", "Ann", "Ann", "Echo"]
    with pytest.raises(RefusedInputError, match="nobody in this chat is called Zoe: those who speak are Ann, Bob"):
        whatsapp(GARDEN, me=("Zoe",))


def test_a_group_is_a_place_of_its_own_and_a_chat_of_two_is_not() -> None:
    pair, group = whatsapp(GARDEN, chat="Bob"), whatsapp(f"{GARDEN}21/03/2026, 10:00 - Cy: Hi\n", chat="Club")
    assert (pair.thread.platform, pair.thread.thread_id, pair.thread.guild_id) == (
        Platform.WHATSAPP,
        "import:Bob",
        None,
    )
    assert (group.thread.guild_id, group.thread.guild_name) == ("import:Club", "Club")


def test_a_message_has_the_same_id_in_a_longer_export_and_in_another_zone() -> None:
    short = [each.event_id for each in whatsapp(GARDEN).messages]
    longer = whatsapp(f"{GARDEN}21/03/2026, 10:00 - Cy: Hi\n", zone="Asia/Tokyo")
    assert [each.event_id for each in longer.messages][:-1] == short
    assert len(set(short)) == len(short)


def test_the_same_words_twice_in_a_minute_are_two_messages() -> None:
    chat = whatsapp("20/11/2026, 17:53 - Ann: ok\n20/11/2026, 17:53 - Ann: ok\n")
    assert len({each.event_id for each in chat.messages}) == 2


def test_a_subject_in_quotes_is_no_name_and_a_nickname_is_one() -> None:
    chat = whatsapp(
        '20/11/2026, 17:53 - Ann changed the subject to "Plan: B"\n'
        '20/11/2026, 17:54 - Ann "Annie" Lee: Hi\n20/11/2026, 17:55 - Ann "Annie" Lee: Ho\n'
        "20/11/2026, 17:56 - Learn more at https://example.org\n"
    )
    assert [each.text for each in chat.messages] == ["Hi", "Ho"]
    assert chat.left_out == 2


def test_a_name_is_known_whatever_spaces_the_phone_puts_into_it() -> None:
    chat = whatsapp("20/11/2026, 17:53 - ~\u202fBo\u00a0Lee: Hi", me=("~ Bo Lee",))
    assert [each.speaker for each in chat.messages] == [None]


def test_a_text_that_begins_on_the_next_line_is_whole() -> None:
    assert [each.text for each in whatsapp("20/11/2026, 17:53 - Ann:\nfirst\nsecond: third").messages] == [
        "first\nsecond: third"
    ]


def test_who_begins_with_a_mark_on_another_phone_is_heard() -> None:
    (message,) = whatsapp("20/11/2026, 17:53 - Ann: \u200eHallo").messages
    assert message.text == "Hallo"


def test_a_phone_whose_clock_is_fast_says_nothing_in_the_future() -> None:
    (message,) = whatsapp(f"{NOW:%d/%m/%Y}, 23:00 - Ann: Hallo").messages
    assert message.said_at == NOW
