"""Markdown becomes what WhatsApp shows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source.adapters.whatsapp.formatting import for_whatsapp


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("**bold** and *it* and ~~no~~", "*bold* and _it_ and ~no~"),
        ("***both***", "*_both_*"),
        ("__bold__ and snake_case_name", "*bold* and snake_case_name"),
        ("# Title\ntext", "*Title*\ntext"),
        ("## A **b** c ##", "*A b c*"),
        ("* one\n* two\n  + three\n- four", "- one\n- two\n  - three\n- four"),
        ("see [the docs](https://a.example/x) now", "see the docs (https://a.example/x) now"),
        ("![a boat](https://a.example/x.png)", "a boat (https://a.example/x.png)"),
        ("<https://a.example>", "<https://a.example>"),
        ("`a*b*c` and 2*3*4", "`a*b*c` and 2*3*4"),
        ("```python\na**b\n```\n**y**", "```\na**b\n```\n*y*"),
        ("above\n\n---\n\nbelow", "above\n\n\n\nbelow"),
        ("**unclosed and *odd", "**unclosed and *odd"),
    ],
)
def test_each_sign_has_its_own(markdown: str, shown: str) -> None:
    assert for_whatsapp(markdown) == shown


@given(st.text(alphabet="ab \n*_~`#[](){}!-+http:/.é", max_size=60))
def test_no_text_breaks_it_or_grows_much(text: str) -> None:
    assert len(for_whatsapp(text)) <= len(text) + 8


def test_code_that_is_cut_off_stays_code() -> None:
    assert for_whatsapp("```py\nx = **1**") == "```\nx = **1**"
