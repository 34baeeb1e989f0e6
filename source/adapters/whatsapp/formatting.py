"""A reply's Markdown as WhatsApp shows it."""

import re
from typing import Final

_FENCED: Final = re.compile(r"(^```[^\n]*\n.*?(?:^```[ \t]*$|\Z))", re.DOTALL | re.MULTILINE)
_FENCE_START: Final = re.compile(r"^```[^\n`]*\n")
_CODE: Final = re.compile(r"(`[^`\n]+`)")
_BOLD: Final = re.compile(r"(?<![\w*])\*\*(?=\S)(.+?)(?<=\S)\*\*(?![\w*])|(?<!\w)__(?=\S)(.+?)(?<=\S)__(?!\w)")
_ITALIC: Final = re.compile(r"(?<![\w*])\*(?=[^\s*])([^*\n]+?)(?<=[^\s*])\*(?![\w*])")
_STRUCK: Final = re.compile(r"~~(?=\S)(.+?)(?<=\S)~~")
_HEADING: Final = re.compile(r"^ {0,3}#{1,6}[ \t]+(.+?)[ \t]*#*[ \t]*$", re.MULTILINE)
_IMAGE_OR_LINK: Final = re.compile(r"!?\[([^\]\n]*)\]\(<?(https?://[^\s)>]+)>?(?:[ \t]+\"[^\"\n]*\")?\)")
_BULLET: Final = re.compile(r"^([ \t]*)[*+][ \t]+", re.MULTILINE)
_RULE: Final = re.compile(r"^ {0,3}(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})$", re.MULTILINE)
# Stands for the sign of bold text until italic text has got its own.
_BOLD_SIGN: Final = "\ue000"


def for_whatsapp(text: str) -> str:
    """Return `text` with WhatsApp's signs: *bold*, _italic_, ~struck~, ```code```; links stand beside their words.

    Source: WhatsApp's help, "How to format your messages".
    """
    parts = _FENCED.split(text)
    return "".join(_code_block(part) if at % 2 else _prose(part) for at, part in enumerate(parts))


def _code_block(block: str) -> str:
    return _FENCE_START.sub("```\n", block)


def _prose(text: str) -> str:
    parts = _CODE.split(text)
    return "".join(part if at % 2 else _marked(part) for at, part in enumerate(parts))


def _marked(text: str) -> str:
    text = _RULE.sub("", text.replace(_BOLD_SIGN, ""))
    text = _BULLET.sub(r"\1- ", text)
    text = _IMAGE_OR_LINK.sub(_link, text)
    text = _HEADING.sub(_heading, text)
    text = _BOLD.sub(lambda match: f"{_BOLD_SIGN}{match[1] or match[2]}{_BOLD_SIGN}", text)
    text = _ITALIC.sub(r"_\1_", text)
    text = _STRUCK.sub(r"~\1~", text)
    return text.replace(_BOLD_SIGN, "*")


def _heading(match: re.Match[str]) -> str:
    words = match[1].replace("**", "").replace("__", "").strip()
    return f"**{words}**"


def _link(match: re.Match[str]) -> str:
    words, address = match[1].strip(), match[2]
    return address if not words or words == address else f"{words} ({address})"
