import time

import pytest

from source.domain.reply_text import LEAST_LIMIT, Chunk, ReplySplitter, split

SENTENCE = "The splitter keeps together what belongs together."


def texts(text: str, limit: int) -> list[str]:
    return [chunk.text for chunk in split(text, limit)]


def code(lines: int) -> str:
    return "\n".join(f"    value_{number} = {number}" for number in range(lines))


def test_a_reply_that_fits_is_one_chunk_as_it_is() -> None:
    assert split("Hello, *you*.", 2000) == [Chunk("Hello, *you*.", "Hello, *you*.")]


def test_a_reply_of_whitespace_is_nothing_to_send() -> None:
    assert split("", 2000) == split(" \n\t\n", 2000) == []


def test_a_limit_without_room_for_text_is_refused() -> None:
    with pytest.raises(ValueError, match="no room"):
        split("Hello", LEAST_LIMIT - 1)


def test_paragraphs_are_kept_whole() -> None:
    assert texts(f"{SENTENCE} {SENTENCE}\n\n{SENTENCE}", 140) == [f"{SENTENCE} {SENTENCE}", SENTENCE]


def test_a_paragraph_too_long_for_a_chunk_is_cut_behind_a_sentence() -> None:
    assert texts(f"{SENTENCE} {SENTENCE} {SENTENCE}", 130) == [f"{SENTENCE} {SENTENCE}", SENTENCE]


def test_an_initial_does_not_end_a_sentence() -> None:
    assert texts("There was a long talk with J. Smith about the weather and so on", 45) == [
        "There was a long talk with J. Smith about the",
        "weather and so on",
    ]


def test_an_abbreviation_does_not_end_a_sentence() -> None:
    assert texts("Take some kinds of fruit, etc. or other things that grow", 40) == [
        "Take some kinds of fruit, etc. or other",
        "things that grow",
    ]


def test_a_sentence_too_long_for_a_chunk_is_cut_between_words() -> None:
    assert texts("these words have no end " * 4, 50) == ["these words have no end these words have no end"] * 2


def test_chinese_and_japanese_are_cut_behind_a_sentence_or_a_clause() -> None:
    assert texts("今日はとても良い天気です。" * 6, 40) == ["今日はとても良い天気です。" * 3] * 2
    assert texts("今日はとても良い天気で、" * 6, 40) == ["今日はとても良い天気で、" * 3] * 2


def test_code_bold_and_links_inside_a_sentence_are_not_torn() -> None:
    for marked in ("`some code with spaces`", "**some very bold words**", "[a link that reads well](https://x.org)"):
        first, second = texts(f"There are words before it, then comes {marked} and more", 60)
        assert (first, second) == ("There are words before it, then comes", f"{marked} and more")


def test_words_between_two_pieces_of_code_may_be_parted() -> None:
    assert texts("Some words, `one` and then more `two` end", 40)[0] == "Some words, `one` and then more `two`"
    assert (
        texts("Some words, `one` and then quite a few `two words`", 40)[0] == "Some words, `one` and then quite a few"
    )


def test_the_items_of_a_list_are_kept_whole() -> None:
    item = f"- {SENTENCE}\n  {SENTENCE}\n"
    assert texts(item * 3, 230) == [(item * 2).strip(), item.strip()]


def test_an_item_is_cut_between_nested_items_first() -> None:
    text = "- A long item:\n" + "  - nested, one line\n    and one more\n" * 3
    assert texts(text, 100)[1] == "  - nested, one line\n    and one more"


def test_a_whole_item_is_better_than_a_nested_one() -> None:
    text = f"- {SENTENCE}\n- Next:\n  - nested one\n  - nested two\n  - nested three"
    assert texts(text, 100)[0] == f"- {SENTENCE}"


def test_text_below_an_item_is_part_of_it() -> None:
    item = f"- {SENTENCE}\nand more of the item"
    assert texts(f"{item}\n- {SENTENCE}", 100)[0] == item


def test_a_bold_line_stays_with_the_lines_below_it() -> None:
    heading, paragraph = f"## {SENTENCE}", f"**Next**\n{SENTENCE} {SENTENCE}"
    assert texts(f"{heading}\n\n{paragraph}", 130) == [heading, paragraph]


def test_a_heading_goes_with_what_it_announces() -> None:
    assert texts(f"{SENTENCE}\n\n## Next\n\n{SENTENCE}", 80) == [SENTENCE, f"## Next\n\n{SENTENCE}"]
    assert texts(f"{SENTENCE}\n\n**Next**\n\n{SENTENCE}", 80) == [SENTENCE, f"**Next**\n\n{SENTENCE}"]


def test_a_sentence_with_a_colon_goes_with_what_it_announces() -> None:
    text = f"{SENTENCE}\n\nLike this:\n\n```\n{code(2)}\n```"
    assert texts(text, 90) == [SENTENCE, f"Like this:\n\n```\n{code(2)}\n```"]


def test_an_introduction_does_not_end_a_chunk_when_what_follows_is_cut_anyway() -> None:
    first, *_ = texts(f"{SENTENCE[:40]}\n\nHere is the code:\n\n```\n{code(30)}\n```", 200)
    assert first.startswith(f"{SENTENCE[:40]}\n\nHere is the code:\n\n```\n    value_0")


def test_a_long_text_with_a_colon_announces_nothing() -> None:
    announced = f"{SENTENCE} Now this:"
    assert texts(f"{announced}\n\n```\n{code(30)}\n```", 200)[0] == announced


def test_what_an_introduction_announces_is_kept_whole_far_from_the_beginning() -> None:
    before, announcing = "word " * 99, "more " * 99 + ":"
    block = "```\n" + f"{'x' * 60}\n" * 32 + f"{'y' * 35}\n```"
    assert 1990 < len(block) < 2000
    assert texts(f"{before}\n\n{announcing}\n\n{block}\n\nend", 2000)[1].startswith(block)
    longer = f"```\n{'z' * 60}\n" + block.removeprefix("```\n")
    assert texts(f"{before}\n\n{announcing}\n\n{longer}", 2000)[0].startswith(f"{before}\n\n{announcing}\n\n```\nzzz")


def test_an_introduction_too_long_for_more_is_a_chunk() -> None:
    heading = "## " + "a heading **of many words** " * 3
    assert texts(f"{heading}\n\n{SENTENCE} {SENTENCE}", len(heading) + 1)[0] == heading.strip()


def test_emphasis_below_a_line_of_text_is_no_heading() -> None:
    text = f"{SENTENCE}\n**bold words**"
    assert texts(f"{text}\n\n{SENTENCE} {SENTENCE}", 80)[0] == text


def test_a_quoted_line_with_a_colon_announces_nothing() -> None:
    quote = f"> {SENTENCE}\n> and then:\n> {SENTENCE}"
    assert texts(f"## A heading\n\n{quote}", len(quote) + 5) == ["## A heading", quote]


def test_code_that_fits_into_a_chunk_is_kept_whole() -> None:
    block = f"```python\n{code(9)}\n```"
    assert texts(f"{SENTENCE}\n\n{block}\n\n{SENTENCE}", 190) == [SENTENCE, block, SENTENCE]
    assert texts(f"Hi.\n\n{block}", len(block)) == ["Hi.", block]


def test_a_chunk_is_filled_when_nothing_is_kept_whole_by_a_small_one() -> None:
    first, *_ = texts(f"Hi.\n\n```python\n{code(30)}\n```", 200)
    assert first.startswith("Hi.\n\n```python\n    value_0 = 0\n")
    assert len(first) > 150


def test_longer_code_goes_on_in_a_block_of_its_own() -> None:
    block = f"```python\n{code(12)}\n```"
    first, second = split(block, 200)
    assert (first.opened, first.closed) == ("", "\n```")
    assert (second.opened, second.closed) == ("```python\n", "")
    assert first.text.endswith("value_10 = 10\n```")
    assert second.text == "```python\n    value_11 = 11\n```"
    assert first.source + second.source == block


def test_code_is_cut_at_a_blank_line_where_there_is_one() -> None:
    parts = texts("```\n" + "def f():\n    return 1\n\n" * 6 + "```", 75)
    assert len(parts) == 3
    assert all(part.startswith("```\ndef f") and part.endswith("return 1\n```") for part in parts[:-1])


def test_a_line_of_code_is_cut_only_when_it_is_too_long_itself() -> None:
    line = "total = " + " + ".join(f"part_{number}" for number in range(30))
    parts = texts(f"```\nx = 1\n{line}\ny = 2\n```", 120)
    assert parts[0].startswith("```\nx = 1\ntotal = part_0 + ")
    assert all(part.startswith("```\n") and part.endswith("\n```") for part in parts)
    assert not any("part_\n" in part for part in parts)


def test_a_sentence_in_code_is_no_place_to_cut() -> None:
    first, *_ = texts("```\n" + "It ends here. " + "word " * 30 + "\n```", 60)
    assert first == "```\nIt ends here. " + "word " * 6 + "word\n```"


def test_a_shorter_fence_inside_does_not_close_the_block() -> None:
    text = "````md\n```python\nprint(1)\n```\n" + "text in the outer block\n" * 6 + "````"
    first, second = split(text, 120)
    assert first.closed == "\n````"
    assert second.opened == "````md\n"


def test_a_fence_of_tildes_is_not_closed_by_backticks() -> None:
    first, second = split("~~~\n```\n" + "text in the block\n" * 8 + "~~~", 120)
    assert (first.closed, second.opened) == ("\n~~~", "~~~\n")


def test_the_fence_of_an_item_is_repeated_with_its_indentation() -> None:
    first, second = split(f"1. ```js\n   {code(10).lstrip()}\n   ```\n2. next", 160)
    assert (first.closed, second.opened) == ("\n   ```", "   ```js\n")
    assert second.text.endswith("   ```\n2. next")


def test_the_fence_of_a_quote_is_repeated_with_its_mark() -> None:
    text = "> ```\n" + "> a line of code\n" * 8 + "> ```\nend"
    first, second = split(text, 120)
    assert (first.closed, second.opened) == ("\n> ```", "> ```\n")
    assert second.text.endswith("> ```\nend")


def test_a_quote_that_ends_ends_its_fence() -> None:
    first, second = split(f"> ```\n> code\n\n{SENTENCE} {SENTENCE}", 110)
    assert (first.source, first.closed) == ("> ```\n> code", "\n> ```")
    assert second.opened == ""


def test_a_line_of_a_quote_stays_quoted_when_it_is_cut() -> None:
    assert texts(f"> {SENTENCE} {SENTENCE} {SENTENCE}", 80) == [f"> {SENTENCE}"] * 3


def test_a_table_that_fits_is_kept_whole_and_a_longer_one_repeats_its_head() -> None:
    head = "| name | value |\n|---|--:|\n"
    table = head + "".join(f"| row {number} | {number} |\n" for number in range(10))
    assert texts(f"{SENTENCE}\n\n{table}", 200) == [SENTENCE, table.strip()]
    first, second = split(table, 140)
    assert first.text.startswith(head)
    assert second.opened == head
    assert second.text.startswith(head + "| row ")
    assert first.source + second.source == table


def test_the_head_of_a_table_is_not_repeated_over_what_follows_it() -> None:
    table = "| name | value |\n|---|--:|\n" + "| a row | of it |\n" * 5
    assert texts(f"{table}{SENTENCE}", 130) == [table.strip(), SENTENCE]


def test_what_is_open_in_a_stream_is_shown_closed_and_what_is_done_stays() -> None:
    splitter = ReplySplitter(120)
    splitter.feed("```py\nx = 1\ny")
    assert [chunk.text for chunk in splitter.open] == ["```py\nx = 1\ny\n```"]
    assert list(splitter.done) == []
    splitter.feed(" = 2\n" + f"{code(20)}\n")
    done = splitter.done
    assert done[0].text.startswith("```py\nx = 1\ny = 2\n")
    splitter.feed(f"```\n{SENTENCE}")
    assert splitter.done[: len(done)] == done
    assert splitter.finish() == [*splitter.done, *splitter.open]


def test_a_long_stream_of_small_deltas_takes_time_in_proportion() -> None:
    text = (f"{SENTENCE} " * 9 + "\n\n```py\n" + code(20) + "\n```\n\n") * 250
    assert len(text) > 200_000
    took = [_seconds_to_feed(text[: len(text) // part]) for part in (8, 1)]
    # In proportion it is 8 times; with every delta read again from the start it would be 64.
    assert took[1] < 24 * took[0] + 0.5


def _seconds_to_feed(text: str) -> float:
    began = time.process_time()
    splitter = ReplySplitter(2000)
    for at in range(0, len(text), 5):
        splitter.feed(text[at : at + 5])
    splitter.finish()
    return time.process_time() - began
