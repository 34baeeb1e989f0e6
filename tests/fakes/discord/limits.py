"""What Discord's own validation refuses of a message: 400/50035."""

from __future__ import annotations

from collections.abc import Iterable

from tests.fakes.discord.message import MessageFlag, walk
from tests.fakes.discord.refusals import invalid
from tests.fakes.discord.wire import Json

# Discord's documentation, "Create Message", "Embed Limits", "Component Reference".
MAX_CONTENT = 2000
MAX_EMBEDS = 10
MAX_EMBED_CHARS = 6000
MAX_FILES = 10
MAX_ROWS = 5
MAX_BUTTONS_A_ROW = 5
MAX_COMPONENTS_V2 = 40
MAX_TEXT_V2 = 4000
_EMBED_FIELDS = {"title": 256, "description": 4096}
_ROW, _BUTTON, _SELECTS, _TEXT = 1, 2, (3, 5, 6, 7, 8), 10
_LINK, _PREMIUM = 5, 6


def check_content(content: str) -> None:
    if len(content) > MAX_CONTENT:
        raise invalid("content", "BASE_TYPE_MAX_LENGTH", f"Must be {MAX_CONTENT} or fewer in length.")


def check_embeds(embeds: list[Json]) -> None:
    if len(embeds) > MAX_EMBEDS:
        raise invalid("embeds", "BASE_TYPE_MAX_LENGTH", f"Must be {MAX_EMBEDS} or fewer in length.")
    for number, embed in enumerate(embeds):
        _check_embed(f"embeds.{number}", embed)
    if sum(_chars(embed) for embed in embeds) > MAX_EMBED_CHARS:
        raise invalid("embeds", "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000")


def _check_embed(where: str, embed: Json) -> None:
    for name, most in _EMBED_FIELDS.items():
        _check_length(f"{where}.{name}", embed.get(name), most)
    _check_length(f"{where}.footer.text", (embed.get("footer") or {}).get("text"), 2048)
    _check_length(f"{where}.author.name", (embed.get("author") or {}).get("name"), 256)
    fields = embed.get("fields") or []
    if len(fields) > 25:
        raise invalid(f"{where}.fields", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
    for number, one in enumerate(fields):
        _check_length(f"{where}.fields.{number}.name", one.get("name"), 256, required=True)
        _check_length(f"{where}.fields.{number}.value", one.get("value"), 1024, required=True)


def _check_length(where: str, value: object, most: int, *, required: bool = False) -> None:
    if not value:
        if required:
            raise invalid(where, "BASE_TYPE_REQUIRED", "This field is required")
        return
    if len(str(value)) > most:
        raise invalid(where, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")


def _chars(embed: Json) -> int:
    footer, author = embed.get("footer") or {}, embed.get("author") or {}
    texts = [embed.get("title"), embed.get("description"), footer.get("text"), author.get("name")]
    texts += [one.get(key) for one in embed.get("fields") or [] for key in ("name", "value")]
    return sum(len(str(text)) for text in texts if text)


def check_components(components: list[Json], flags: int) -> None:
    everything = walk(components)
    if flags & MessageFlag.COMPONENTS_V2:
        _check_v2(everything)
    else:
        _check_rows(components)
    for number, component in enumerate(everything):
        _check_component(f"components.{number}", component)
    ids = [one["custom_id"] for one in everything if one.get("custom_id")]
    if len(ids) != len(set(ids)):
        raise invalid("components", "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")


def _check_v2(everything: list[Json]) -> None:
    if len(everything) > MAX_COMPONENTS_V2:
        raise invalid("components", "BASE_TYPE_MAX_LENGTH", f"Must be {MAX_COMPONENTS_V2} or fewer in length.")
    if sum(len(str(one.get("content") or "")) for one in everything if one.get("type") == _TEXT) > MAX_TEXT_V2:
        raise invalid("components", "COMPONENT_MAX_TEXT", f"Text is more than {MAX_TEXT_V2} characters together")


def _check_rows(rows: list[Json]) -> None:
    if len(rows) > MAX_ROWS:
        raise invalid("components", "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {MAX_ROWS} in length.")
    for number, row in enumerate(rows):
        where, inner = f"components.{number}", row.get("components") or []
        if row.get("type") != _ROW:
            raise invalid(f"{where}.type", "UNION_TYPE_CHOICES", 'Value of field "type" must be one of (1,).')
        selects = [one for one in inner if one.get("type") in _SELECTS]
        most = 1 if selects else MAX_BUTTONS_A_ROW
        if not 1 <= len(inner) <= most:
            raise invalid(f"{where}.components", "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {most} in length.")


def _check_component(where: str, component: Json) -> None:
    kind = component.get("type")
    _check_length(f"{where}.custom_id", component.get("custom_id"), 100)
    if kind == _BUTTON:
        _check_length(f"{where}.label", component.get("label"), 80)
        style = component.get("style", 0)
        needed = {_LINK: "url", _PREMIUM: "sku_id"}.get(style, "custom_id")
        _check_length(f"{where}.{needed}", component.get(needed), 512, required=True)
    if kind in _SELECTS:
        _check_length(f"{where}.custom_id", component.get("custom_id"), 100, required=True)
    if kind == _SELECTS[0] and not 1 <= len(component.get("options") or []) <= 25:
        raise invalid(f"{where}.options", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 25 in length.")


def is_blank(content: str, *parts: Iterable[object]) -> bool:
    """Whether there would be nothing to see."""
    return not content.strip() and not any(list(part) for part in parts)
