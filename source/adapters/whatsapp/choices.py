"""What people can tap instead of typing it: buttons, or a list."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from source.services.commands.vocabulary import Choice
from source.services.topics import SUGGESTION

# Meta's limits, in characters.
MOST_BODY_CHARS: Final = 1_024
_MOST_BUTTONS: Final = 3
_MOST_BUTTON_CHARS: Final = 20
_MOST_ROWS: Final = 10
_MOST_TITLE_CHARS: Final = 24
_MOST_ABOUT_CHARS: Final = 72
_MOST_COMMAND_CHARS: Final = 200
_OPENS_LIST: Final = "Choose"

OFFERED: Final[Mapping[str, Sequence[Choice]]] = {SUGGESTION: (Choice("New conversation", "/new"),)}
"""Lines beside a reply that stand below it, with what can be tapped then; all others are told with it."""


def interactive_of(body: str, choices: Sequence[Choice]) -> Mapping[str, Any] | None:
    """Return the message that shows `body` (not longer than `MOST_BODY_CHARS`) and what can be tapped.

    What was tapped comes back with its command as the id. None: there is nothing that can be tapped.
    """
    fitting = [each for each in choices if each.label.strip() and 0 < len(each.command) <= _MOST_COMMAND_CHARS]
    offered = list({each.command: each for each in fitting}.values())
    if not offered or not body:
        return None
    is_buttons = len(offered) <= _MOST_BUTTONS and not any(each.about for each in offered)
    kind, action = ("button", _buttons(offered)) if is_buttons else ("list", _rows(offered[:_MOST_ROWS]))
    return {"type": kind, "body": {"text": body}, "action": action}


def _buttons(choices: Sequence[Choice]) -> Mapping[str, Any]:
    # Meta refuses two buttons of one title.
    titled = {_short(each.label, _MOST_BUTTON_CHARS): each.command for each in choices}
    replies = [{"id": command, "title": title} for title, command in titled.items()]
    return {"buttons": [{"type": "reply", "reply": reply} for reply in replies]}


def _rows(choices: Sequence[Choice]) -> Mapping[str, Any]:
    return {"button": _OPENS_LIST, "sections": [{"rows": [_row(each) for each in choices]}]}


def _row(choice: Choice) -> Mapping[str, str]:
    row = {"id": choice.command, "title": _short(choice.label, _MOST_TITLE_CHARS)}
    about = _short(choice.about, _MOST_ABOUT_CHARS)
    return row | ({"description": about} if about else {})


def _short(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"
