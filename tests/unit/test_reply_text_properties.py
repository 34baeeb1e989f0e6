import re
from collections.abc import Iterator
from itertools import accumulate, cycle, pairwise, takewhile

from hypothesis import given, settings
from hypothesis import strategies as st
from wcwidth import iter_graphemes

from source.domain.reply_text import LEAST_LIMIT, Chunk, ReplySplitter, split, utf16_length

LIMITS = st.one_of(st.integers(LEAST_LIMIT, 120), st.sampled_from([LEAST_LIMIT, 200, 500, 2000]))
SIGNS = [
    *"ab.!|*_ \n\r\t\\[]()<>#-1~`",
    *[
        "```",
        "~~~",
        "\n```\n",
        "\n> ```\n",
        "\n```py\n",
        "\n  - ",
        "> ",
        "- ",
        "1. ",
        "\n\n",
        "\r\n",
        "\u00a0",
        "\u3000",
    ],
    *[
        "\u200d",
        "\u0301",
        "\ufe0f",
        "\U0001f469\u200d\U0001f469\u200d\U0001f467",
        "\U0001f1e9\U0001f1ea",
        "\U0001f44d\U0001f3fd",
    ],
    *[
        "각",
        "ก็",
        "क्ष",
        "\u0600",
        "日本語。",
        "שלום",
        "مرحبا؟",
        "\ud83d",
        "\ude00",
        "e\u0301",
        "Sentence end. ",
        "word ",
        "`c d`",
    ],
    *["\n| a | b |\n|---|---|\n| 1 | 2 |\n", "x" * 30, " " * 30, "\n" * 30, "`" * 12, "**b b**", "[l k](u)"],
]
# One character for each sign: a long text of them is drawn much faster than a list.
KEYS = {chr(ord("\u4e00") + number): sign for number, sign in enumerate(SIGNS)}
WORD = st.one_of(
    st.sampled_from(["we", "reply", "understanding", "**bold words**", "`code of it`", "[a link](https://x.org/a_(b))"])
    | st.sampled_from(
        ["日本語の文章です。", "\U0001f469\u200d\U0001f469\u200d\U0001f467", "\U0001f1e9\U0001f1ea", "مرحبا"]
    )
    | st.sampled_from(["x" * 90, "z" + "\u0301" * 70, "end.", "why?", "e.g.", "```", "~~~", "#", ">", "-", "2."])
)
LINE = st.lists(WORD, min_size=1, max_size=14).map(" ".join)


def fenced(body: str, lead: str, fence: str, info: str, *, ends: bool) -> str:
    lines = [fence + info, *body.split("\n"), *([fence] if ends else [])]
    return "\n".join(lead + line for line in lines)


PARAGRAPH = st.lists(LINE, min_size=1, max_size=4).map("\n".join)
CODE = st.lists(st.sampled_from(["", "    ", "  "]).flatmap(lambda indent: LINE.map(indent.__add__)), max_size=12)
PIECE = st.recursive(
    st.one_of(
        PARAGRAPH,
        LINE.map("## ".__add__),
        st.just("---"),
        st.lists(st.tuples(st.sampled_from(["- ", "  - ", "    * ", "1. ", "   "]), LINE).map("".join), min_size=1).map(
            "\n".join
        ),
        st.lists(LINE, min_size=1, max_size=8).map(
            lambda rows: "| a | b |\n|---|:-:|\n" + "\n".join(f"| {row} | 1 |" for row in rows)
        ),
        st.integers(0, 120).map(lambda count: " " * count),
        st.integers(0, 120).map(lambda count: "\n" * count),
    ),
    lambda inner: st.builds(
        fenced,
        st.one_of(inner, CODE.map("\n".join)),
        st.sampled_from(["", "  ", "    ", "> ", ">", "> > ", "\t"]),
        st.sampled_from(["```", "~~~", "````", "`````"]),
        st.sampled_from(["", "python", " js title=x", "x" * 60]),
        ends=st.booleans(),
    ),
    max_leaves=3,
)
MARKDOWN = st.lists(st.tuples(PIECE, st.sampled_from(["\n\n", "\n", "\r\n\r\n", "\n \n"])), max_size=8).map(
    lambda pieces: "".join(piece + gap for piece, gap in pieces)
)
TEXTS = st.one_of(
    MARKDOWN,
    MARKDOWN.map(lambda text: text.replace("\n", "\r\n")),
    st.sampled_from([0, 60, 250])
    .flatmap(lambda least: st.text(st.sampled_from("".join(KEYS)), min_size=least))
    .map(lambda text: "".join(KEYS[key] for key in text)),
    st.text(max_size=300),
)
OPENING = re.compile(r"((?:[\s>]|(?:[-*+]|\d{1,9}[.)])(?=\s))*)(`{3,}(?=[^`]*$)|~{3,})")


def is_balanced(text: str, longest_mark: int) -> bool:
    """An account of fences of its own, line by line."""
    run, quotes, indent = "", 0, ""
    for line in text.split("\n"):
        marks = line[: len(line) - len(line.lstrip("> \t\r\x0b\x0c\u00a0\u3000"))].count(">")
        if run and marks >= quotes:
            inside = line.split(">", quotes)[-1]
            mark = inside.strip()
            if len(mark) >= len(run) and not mark.strip(run[0]) and is_near(inside, indent):
                run = ""
            continue
        found = OPENING.match(line)
        is_fence = found is not None and len(found[0]) <= longest_mark
        run = found[2] if found and is_fence else ""
        lead = re.sub(r"[^\s>]", " ", found[1]) if found else ""
        quotes, indent = lead.count(">"), lead.rpartition(">")[2]
    return not run


def is_near(rest: str, indent: str) -> bool:
    space = rest[: len(rest) - len(rest.lstrip())]
    return len(space.expandtabs(4)) < len(indent.expandtabs(4)) + 4


def shown_source(chunk: Chunk) -> str:
    return chunk.text.removeprefix(chunk.opened).removesuffix(chunk.closed)


@settings(deadline=None, max_examples=60)
@given(TEXTS, LIMITS)
def test_nothing_is_lost_and_every_chunk_can_be_sent(text: str, limit: int) -> None:
    chunks = split(text, limit)
    assert "".join(chunk.source for chunk in chunks) == (text if text.strip() else "")
    for chunk in chunks:
        assert utf16_length(chunk.text) <= limit
        assert chunk.source.strip()
        assert chunk.text == chunk.opened + shown_source(chunk) + chunk.closed
        assert shown_source(chunk).strip() == chunk.source.strip()
        assert is_balanced(chunk.text, limit // 5)


@settings(deadline=None, max_examples=40)
@given(TEXTS, LIMITS, st.lists(st.integers(1, 150), min_size=1, max_size=8), st.integers(1, 40))
def test_a_stream_in_any_pieces_gives_the_chunks_of_the_whole(
    text: str, limit: int, sizes: list[int], looked_at: int
) -> None:
    splitter = ReplySplitter(limit)
    done: list[Chunk] = []
    for number, (start, end) in enumerate(pieces(len(text), sizes)):
        splitter.feed(text[start:end])
        # About ten times in all: a look costs as much as a whole split.
        if number % max(looked_at, len(text) // sum(sizes) * len(sizes) // 10) == 0:
            assert list(splitter.done[: len(done)]) == done
            done = list(splitter.done)
            assert [*done, *splitter.open] == split(text[:end], limit)
    assert splitter.finish() == split(text, limit)


def pieces(length: int, sizes: list[int]) -> Iterator[tuple[int, int]]:
    ends = takewhile(lambda end: end < length, accumulate(cycle(sizes), initial=0))
    return pairwise([*ends, length])


@settings(deadline=None, max_examples=60)
@given(TEXTS, LIMITS)
def test_no_cut_goes_through_a_character_that_would_fit(text: str, limit: int) -> None:
    chunks = split(text, limit)
    ends = [0, *accumulate(len(cluster) for cluster in iter_graphemes(text))]
    whole = set(ends)
    cuts = list(accumulate(len(chunk.source) for chunk in chunks))[:-1]
    for cut, (before, behind) in zip(cuts, pairwise(chunks), strict=True):
        start, end = max(at for at in ends if at <= cut), min(at for at in ends if at >= cut)
        added = max(utf16_length(chunk.opened + chunk.closed) for chunk in (before, behind))
        assert not text[cut - 1].isspace()
        assert cut in whole or text[cut].isspace() or utf16_length(text[start:end]) > limit - limit // 4 - added
        assert not re.match("[\ud800-\udbff][\udc00-\udfff]", text[cut - 1 : cut + 1])
