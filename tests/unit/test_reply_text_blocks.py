from itertools import accumulate, groupby

from hypothesis import given, settings
from hypothesis import strategies as st

from source.domain.reply_text import split, utf16_length


def first_sign(block: str) -> str:
    return block[0] if block[0] in "-#" else block


WORDS = st.sampled_from(
    ["we", "reply", "understand", "**bold words**", "`code of it`", "[a link](https://x.org)", "日本語"]
)
LINES = st.lists(WORDS, min_size=1, max_size=12).map(" ".join)
CODE = st.tuples(st.integers(0, 3), LINES).map(lambda line: "    " * line[0] + line[1])
ROWS = st.lists(LINES, min_size=1, max_size=12).map(lambda cells: "".join(f"\n| {cell} | 1 |" for cell in cells))
ITEMS = st.lists(st.tuples(LINES, st.sampled_from(["- ", "  - ", "\n- "])), min_size=1, max_size=10)
BLOCKS = st.one_of(
    st.lists(LINES, min_size=1, max_size=4).map("\n".join),
    LINES.map("## ".__add__),
    ITEMS.map(lambda items: "- first" + "".join(f"\n{mark}{text}" for text, mark in items)),
    ROWS.map("| a | b |\n|---|:-:|".__add__),
    st.lists(CODE, min_size=1, max_size=12).map(lambda lines: "\n".join(["```python", *lines, "```"])),
    st.lists(LINES, min_size=1, max_size=5).map(lambda lines: "\n".join("> " + line for line in lines)),
)
# Two lists in a row are one.
REPLIES = st.lists(BLOCKS, min_size=1, max_size=8).map(
    lambda blocks: [next(same) for _, same in groupby(blocks, first_sign)]
)


def cuts_of(text: str, limit: int) -> list[int]:
    return list(accumulate(len(chunk.source) for chunk in split(text, limit)))[:-1]


def places_of(parts: list[str], gap: str) -> list[tuple[int, int]]:
    starts = accumulate((len(part) + len(gap) for part in parts), initial=0)
    return [(start, start + len(part)) for start, part in zip(starts, parts, strict=False)]


@settings(deadline=None, max_examples=80)
@given(REPLIES, st.integers(100, 600))
def test_a_block_that_fits_into_a_message_stays_whole(blocks: list[str], limit: int) -> None:
    text = "\n\n".join(blocks)
    cuts = cuts_of(text, limit)
    for (start, end), block in zip(places_of(blocks, "\n\n"), blocks, strict=True):
        assert utf16_length(block) > limit or not any(start < cut < end for cut in cuts)
