"""What Meta takes as buttons and lists."""

from __future__ import annotations

from tests.fakes.graph_errors import Json, refused, refused_parameter
from tests.fakes.graph_values import check_keys

# Meta's page of lists says 4,096 for their body; its reference of messages and recorded refusals
# ("Body text length invalid. Min length: 1, Max length: 1024") say 1,024 for every interactive message.
MOST_BODY = 1024
MOST_BUTTONS = 3
MOST_ROWS = 10
MOST_SECTIONS = 10
_MOST_SMALL_PRINT = 60


def check_interactive(content: object) -> None:
    """Refuse with 131009 what is too long or too many, with 100 what is unknown."""
    value = check_keys(content, ("type", "header", "body", "footer", "action"), "interactive")
    kind = value.get("type")
    if kind not in _ACTIONS:
        raise refused_parameter(f"Param interactive['type'] must be one of {{{', '.join(_ACTIONS)}}}.")
    body = check_keys(value.get("body"), ("text",), "interactive['body']")
    _length(body.get("text"), MOST_BODY, "Body text length invalid")
    if "footer" in value:
        footer = check_keys(value["footer"], ("text",), "interactive['footer']")
        _length(footer.get("text"), _MOST_SMALL_PRINT, "Footer text length invalid")
    if "header" in value:
        _check_header(value["header"], kind)
    _ACTIONS[kind](value.get("action"))


def _check_header(content: object, kind: str) -> None:
    header = check_keys(content, ("type", "text", "image", "video", "document"), "interactive['header']")
    if header.get("type") == "text":
        _length(header.get("text"), _MOST_SMALL_PRINT, "Header text length invalid")
    elif kind == "list":
        raise refused(131009, "List messages support text headers only.")
    elif header.get("type") not in header:
        raise refused(131009, "Header content is missing.")


def _check_buttons(content: object) -> None:
    buttons = check_keys(content, ("buttons",), "interactive['action']").get("buttons")
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= MOST_BUTTONS:
        raise refused(131009, "Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3")
    replies: list[Json] = []
    for number, button in enumerate(buttons):
        where = f"interactive['action']['buttons'][{number}]"
        reply = check_keys(
            check_keys(button, ("type", "reply"), where).get("reply"), ("id", "title"), f"{where}['reply']"
        )
        _length(reply.get("title"), 20, "Button title length invalid")
        _length(reply.get("id"), 256, "Button id length invalid")
        replies.append(reply)
    for name in ("id", "title"):
        if len({reply[name] for reply in replies}) < len(replies):
            raise refused(131009, f"Duplicated {name} found on buttons.")


def _check_list(content: object) -> None:
    action = check_keys(content, ("button", "sections"), "interactive['action']")
    _length(action.get("button"), 20, "Button title length invalid")
    sections = action.get("sections")
    if not isinstance(sections, list) or not 1 <= len(sections) <= MOST_SECTIONS:
        raise refused(131009, "Total section count must be between 1 and 10")
    rows: list[Json] = []
    for number, one in enumerate(sections):
        section = check_keys(one, ("title", "rows"), f"interactive['action']['sections'][{number}]")
        if len(sections) > 1 or "title" in section:
            _length(section.get("title"), 24, "Section title length invalid")
        rows += [_row(row, number) for row in section.get("rows", ())]
    if len(rows) > MOST_ROWS:
        raise refused(131009, "Total row count exceed max allowed count: 10")
    if not rows:
        raise refused(131009, "At least one row is required.")
    if len({row["id"] for row in rows}) < len(rows):
        raise refused(131009, "Duplicated row id found in sections.")


def _row(content: object, section: int) -> Json:
    row = check_keys(content, ("id", "title", "description"), f"interactive['action']['sections'][{section}]['rows']")
    if len(str(row.get("title", ""))) > 24:
        raise refused(131009, "Row title is too long. Max length is 24")
    _length(row.get("title"), 24, "Row title length invalid")
    _length(row.get("id"), 200, "Row id length invalid")
    if "description" in row:
        _length(row["description"], 72, "Row description length invalid")
    return row


def _check_link(content: object) -> None:
    action = check_keys(content, ("name", "parameters"), "interactive['action']")
    parameters = check_keys(action.get("parameters"), ("display_text", "url"), "interactive['action']['parameters']")
    _length(parameters.get("display_text"), 20, "Display text length invalid")
    if not str(parameters.get("url", "")).startswith(("http://", "https://")):
        raise refused(131009, "Param url is not a valid URI.")


_ACTIONS = {"button": _check_buttons, "list": _check_list, "cta_url": _check_link}


def _length(value: object, most: int, complaint: str) -> None:
    if not isinstance(value, str) or not 1 <= len(value) <= most:
        raise refused(131009, f"{complaint}. Min length: 1, Max length: {most}")
