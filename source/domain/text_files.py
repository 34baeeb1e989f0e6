"""Files that are text and short enough to be read as part of a message."""

import codecs
import re
from pathlib import PurePosixPath
from typing import Final

LONGEST_TEXT_BYTES: Final = 64 * 1024
_TEXT_TYPES: Final = (
    "text/",
    *(f"application/{kind}" for kind in ("json", "xml", "toml", "yaml", "x-yaml", "sql", "javascript", "x-sh")),
)
_TEXT_SUFFIXES: Final = (
    *(".txt", ".md", ".rst", ".tex", ".log", ".csv", ".tsv", ".srt", ".diff", ".patch", ".html", ".css", ".svg"),
    *(".xml", ".json", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf", ".env", ".sql", ".sh", ".bat", ".lua"),
    *(".py", ".rb", ".rs", ".go", ".c", ".h", ".cpp", ".hpp", ".cs", ".java", ".js", ".jsx", ".ts", ".tsx", ".kt"),
)


def is_text(name: str, media_type: str) -> bool:
    """Whether a file says that it is text, by its type or the end of its name."""
    return media_type.lower().startswith(_TEXT_TYPES) or PurePosixPath(name).suffix.lower() in _TEXT_SUFFIXES


def decoded(content: bytes) -> str | None:
    """Return a file's text; None when it is no text."""
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text or len(content) > LONGEST_TEXT_BYTES else text


def fenced(name: str, text: str) -> str:
    """Return a file's text under its name, in a fence that nothing in it closes."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{name}:\n{fence}\n{text.rstrip()}\n{fence}"


def named(name: str, media_type: str, size_bytes: int, *, seconds: float = 0.0) -> str:
    """Return a line that names a file."""
    facts = [name, media_type, f"{max(1, round(size_bytes / 1024))} kB" if size_bytes else ""]
    if seconds:
        facts.append(f"{round(seconds)} s")
    return f"[attached: {', '.join(fact for fact in facts if fact)}]"
