"""How a message of a reply looks, and what Discord is sent for that."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from source.adapters.discord.replies.custom_ids import Control, custom_id

Payload = dict[str, object]

FILE_NAME: Final = "answer.md"
# Discord's documentation, "Message Flags" (SUPPRESS_EMBEDS), "Component Types" and "Button Styles".
_NO_PREVIEWS: Final = 1 << 2
_ROW, _BUTTON = 1, 2
_PRIMARY, _SECONDARY = 1, 2


class Buttons(Enum):
    """Which buttons stand under a message."""

    NONE = ()
    STOP = (Control.STOP,)
    RETRY = (Control.RETRY,)
    JUDGE = (Control.RETRY, Control.GOOD, Control.BAD)


@dataclass(frozen=True, slots=True)
class Look:
    """What a message shows; `file` is the text of a file that hangs on it."""

    content: str
    buttons: Buttons = Buttons.NONE
    file: str | None = None
    is_cut: bool = False

    def custom_ids(self, key: int | None) -> tuple[str, ...]:
        """Name the buttons; a reply that nobody can name has none."""
        return () if key is None else tuple(custom_id(control, key) for control in self.buttons.value)


def creation(look: Look, key: int | None, nonce: str | None) -> Payload:
    """Return what makes a message of this look; the same nonce makes no second one."""
    payload = _content(look)
    if components := _components(look, key):
        payload["components"] = components
    if look.file is not None:
        payload["attachments"] = [_attachment()]
    if nonce is not None:
        payload |= {"nonce": nonce, "enforce_nonce": True}
    return payload


def change(before: Look | None, look: Look, key: int | None) -> Payload:
    """Return what makes a message look so; `before` is None when it is not known what it shows."""
    payload = _content(look)
    if before is None or before.buttons is not look.buttons or before.is_cut is not look.is_cut:
        payload["components"] = _components(look, key)
    if look.file is not None:
        payload["attachments"] = [_attachment()]
    elif before is None or before.file is not None:
        payload["attachments"] = []
    return payload


def without_buttons() -> Payload:
    """Return what leaves of a message only what it says."""
    return {"components": [], "allowed_mentions": {"parse": []}}


def _content(look: Look) -> Payload:
    return {"content": look.content, "flags": _NO_PREVIEWS, "allowed_mentions": {"parse": []}}


def _attachment() -> Payload:
    return {"id": 0, "filename": FILE_NAME}


def _components(look: Look, key: int | None) -> list[Payload]:
    if key is None or look.buttons is Buttons.NONE:
        return []
    first = _PRIMARY if look.is_cut else _SECONDARY
    buttons = [
        _button(control, key, style=_SECONDARY if number else first)
        for number, control in enumerate(look.buttons.value)
    ]
    return [{"type": _ROW, "components": buttons}]


def _button(control: Control, key: int, *, style: int) -> Payload:
    button: Payload = {"type": _BUTTON, "style": style, "custom_id": custom_id(control, key)}
    match control:
        case Control.STOP:
            button["label"] = "Stop"
        case Control.RETRY:
            button["label"] = "Retry"
        case Control.GOOD:
            button["emoji"] = {"name": "👍"}
        case Control.BAD:
            button["emoji"] = {"name": "👎"}
    return button
