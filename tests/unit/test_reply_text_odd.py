"""Replies that nobody writes on purpose, and models do."""

import pytest

from source.domain.reply_text import ReplySplitter, split, utf16_length

SENTENCE = "The splitter keeps together what belongs together."
WOMEN = "\U0001f469\u200d\U0001f469\u200d\U0001f467"


def texts(text: str, limit: int) -> list[str]:
    chunks = split(text, limit)
    assert "".join(chunk.source for chunk in chunks) == text
    assert all(utf16_length(chunk.text) <= limit for chunk in chunks)
    return [chunk.text for chunk in chunks]


def code(lines: int) -> str:
    return "\n".join(f"value_{number} = {number}" for number in range(lines))


@pytest.mark.parametrize(
    "sign", [WOMEN, "\U0001f1e9\U0001f1ea", "e\u0301", "\U0001f44d\U0001f3fd", "\ud83d\ude00", "、\u0301"]
)
def test_characters_of_several_parts_are_kept_whole(sign: str) -> None:
    for part in texts(sign * 60, 41):
        assert part == sign * (len(part) // len(sign))


def test_a_character_that_takes_space_along_may_leave_it() -> None:
    assert texts("x" * 20 + "\u0600" + " " * 20 + WOMEN * 2, 45) == ["x" * 20 + "\u0600", WOMEN * 2]
    assert texts("!" + " " * 36 + WOMEN * 10, 40) == ["!", WOMEN * 5, WOMEN * 5]


def test_length_is_counted_in_utf16() -> None:
    assert utf16_length("a😀") == 3
    assert [utf16_length(part) for part in texts("😀" * 50, 60)] == [60, 40]


def test_a_character_longer_than_a_chunk_fills_chunks() -> None:
    assert [len(part) for part in texts("z" + "\u0301" * 100, 60)] == [60, 41]
    assert [len(part) for part in texts("abc z" + "\u0301" * 100, 60)] == [60, 45]


def test_whitespace_longer_than_a_chunk_makes_no_chunk_of_its_own() -> None:
    assert texts("first" + "\n" * 5000 + "second" + " " * 5000, 100) == ["first", "second"]
    assert texts("first\n" + " " * 100 + "second", 50) == ["first", "second"]


def test_whitespace_at_the_end_of_a_stream_finishes_no_chunk() -> None:
    splitter = ReplySplitter(40)
    for delta in ("first", *[" \n"] * 100):
        splitter.feed(delta)
    assert [*splitter.done] == []
    splitter.feed("second")
    assert [chunk.text for chunk in splitter.done] == ["first"]


def test_whitespace_at_a_cut_belongs_to_what_follows() -> None:
    assert split("!" + " " * 39 + "z" + "\u0301" * 100, 40)[0].source == "!"
    for text in ("\U0001f469" * 18 + " " * 30 + "1.", "first\u00a0 and more" + " second\u00a0 " * 20):
        assert all(chunk.source == chunk.source.rstrip() for chunk in split(text, 41)[:-1])


def test_words_that_a_hard_space_holds_together_are_not_torn() -> None:
    before = "This is a sentence about a distance of"
    assert texts(f"{before} 1\u00a0000 km", 42) == [before, "1\u00a0000 km"]


def test_windows_line_ends_are_kept_in_the_source() -> None:
    assert texts(f"{SENTENCE}\r\n\r\n```py\r\nx = 1\r\n```\r\n", 60) == [SENTENCE, "```py\r\nx = 1\r\n```"]


def test_a_fence_that_the_model_left_open_is_closed() -> None:
    assert texts("```py\nx = 1", 2000) == ["```py\nx = 1\n```"]


def test_backticks_inside_a_line_open_no_block() -> None:
    assert texts("use ```x``` here", 2000) == ["use ```x``` here"]
    assert texts("```x``` is code", 2000) == ["```x``` is code"]
    assert texts("Hi.\n```echo one two three four five six seven``` prints", 40)[0] == "Hi."


def test_a_mark_too_long_to_be_repeated_is_text() -> None:
    assert texts("`" * 30 + "\nfour words of text", 40) == ["`" * 30, "four words of text"]


def test_a_long_info_string_is_not_repeated() -> None:
    first, *others = split(f"```python title={'x' * 30}\n{code(12)}\n```", 100)
    assert first.text.startswith("```python title=xxx")
    assert {chunk.opened for chunk in others} == {"```\n"}


def test_an_opening_line_too_long_for_a_chunk_is_cut_between_characters() -> None:
    assert texts("~~~~~~" + WOMEN * 8 + "\nx\n~~~~~~", 41)[0] == "~~~~~~" + WOMEN * 3 + "\n~~~~~~"


def test_an_opening_line_that_fits_is_not_cut() -> None:
    first, *_ = texts("Hi there.\n```python title=x.py\n" + "y" * 200 + "\n```", 60)
    assert first.startswith("Hi there.\n```python title=x.py\nyyy")
    for count in (30, 35):
        opening = "```python title=" + "n" * count
        assert texts(f"Hi there.\n{opening}\n" + "y" * 200 + "\n```", 60)[0] == "Hi there."


def test_the_indentation_of_the_first_line_counts() -> None:
    assert all(texts("\tlongword" + " " * 31 + "-", 40))
    assert texts("     ```\n     x\n     ```\nend", 100) == ["     ```\n     x\n     ```\nend"]


def test_a_head_of_a_table_too_long_to_be_repeated_is_not() -> None:
    head = "| a long name of a column | another |\n|---|---|\n"
    _, second = split(head + "| a row | of it |\n" * 6, 120)
    assert second.opened == ""


def test_the_rest_of_a_long_line_in_a_quoted_block_stays_in_it() -> None:
    parts = texts("> ```\n> " + "words " * 40 + "\n> ```\nend", 60)
    assert len(parts) > 4
    assert all(part.startswith("> ```\n> words ") for part in parts)
    assert all(part.endswith(" words\n> ```") for part in parts[:-1])


def test_a_quote_after_a_quoted_block_left_open_is_no_code() -> None:
    parts = split(f"> ```\n> code\n\n> {SENTENCE} {SENTENCE}", 75)
    assert [chunk.opened for chunk in parts] == ["", "> "]
    assert parts[1].text == f"> {SENTENCE}"


@pytest.mark.parametrize("mark", ["-", ">", "#", "1.", "+", "```", "~~~"])
def test_no_word_becomes_a_mark_by_beginning_a_chunk(mark: str) -> None:
    before = "Some words come first, quite a few, and then"
    first, second = texts(f"{before} {mark} follows as part of it", len(before) + 1)
    assert (first, second) == (before.removesuffix(" then"), f"then {mark} follows as part of it")


def test_only_marks_are_cut_between_characters() -> None:
    assert [len(part) for part in texts("> " * 60, 50)] == [49, 49, 19]


def test_a_line_of_code_that_fits_into_no_chunk_begins_where_there_is_room() -> None:
    first, *_ = texts(f"```\nab\n{'x' * 24} {'y' * 8}\nz\n```", 40)
    assert first == f"```\nab\n{'x' * 24}\n```"
