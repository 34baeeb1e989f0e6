"""What `POST /{phone_id}/messages` takes: every key that Meta documents and none beside them."""

from __future__ import annotations

from tests.fakes.graph_account import Account
from tests.fakes.graph_errors import Json, refused, refused_parameter
from tests.fakes.graph_interactive import check_interactive
from tests.fakes.graph_media import MediaStore
from tests.fakes.graph_values import check_keys, check_string

_TOP = (
    "messaging_product",
    "recipient_type",
    "to",
    "recipient",
    "type",
    "context",
    "biz_opaque_callback_data",
    "recipient_identity_key_hash",
)
_MEDIA_KEYS = {
    "image": ("id", "link", "caption"),
    "video": ("id", "link", "caption"),
    "document": ("id", "link", "caption", "filename"),
    "audio": ("id", "link", "voice"),
    "sticker": ("id", "link"),
}
MOST_TEXT = 4096  # Meta: "Maximum 4096 characters."
MOST_CAPTION = 1024
MOST_CALLBACK_DATA = 512


def check_message(body: Json, account: Account, media: MediaStore) -> None:
    """Refuse what the real API refuses before it looks at who gets the message."""
    _check_envelope(body)
    kind = body["type"]
    content = body[kind]
    if kind == "text":
        _check_text(content)
    elif kind in _MEDIA_KEYS:
        _check_media(kind, content, media)
    elif kind == "interactive":
        check_interactive(content)
    elif kind == "reaction":
        _check_reaction(content)
    else:
        _check_template(content, account)


def check_read(body: Json) -> None:
    """What marks a message as read, with or without a typing indicator."""
    check_keys(body, ("messaging_product", "status", "message_id", "typing_indicator"), "")
    check_product(body)
    if body["status"] != "read":
        raise refused(131009, "status must be one of {read}.")
    typing = body.get("typing_indicator")
    if typing is not None and typing != {"type": "text"}:
        raise refused_parameter("Param typing_indicator['type'] must be one of {TEXT}.")


def check_product(body: Json) -> None:
    if "messaging_product" not in body:
        raise refused_parameter("The parameter messaging_product is required.")
    if body["messaging_product"] != "whatsapp":
        raise refused_parameter("Param messaging_product must be one of {WHATSAPP}")


def _check_envelope(body: Json) -> None:
    kind = body.setdefault("type", "text")  # Meta: "Default: text"
    if kind not in ("text", "interactive", "template", "reaction", *_MEDIA_KEYS):
        raise refused_parameter(f"Param type must be one of {{AUDIO, DOCUMENT, IMAGE, …, TEXT, VIDEO}} - got {kind!r}.")
    check_keys(body, (*_TOP, kind), "")
    check_product(body)
    if kind not in body:
        raise refused(131008, f"Parameter '{kind}' is mandatory for type '{kind}'")
    if not body.get("to") and not body.get("recipient"):
        raise refused_parameter("The parameter to is required.")
    for name in ("to", "recipient"):
        if name in body and not isinstance(body[name], str):
            raise refused_parameter(f"Param {name} must be a string.")
    if body.get("recipient_type", "individual") not in ("individual", "group"):
        raise refused_parameter("Param recipient_type must be one of {INDIVIDUAL, GROUP}")
    if "context" in body:
        check_string(check_keys(body["context"], ("message_id",), "context").get("message_id"), "message_id", 512)
    if "biz_opaque_callback_data" in body:
        check_string(body["biz_opaque_callback_data"], "biz_opaque_callback_data", MOST_CALLBACK_DATA)


def _check_text(content: object) -> None:
    text = check_keys(content, ("body", "preview_url"), "text")
    body = check_string(text.get("body"), "text['body']", MOST_TEXT)
    if not body.strip():
        raise refused_parameter("Param text['body'] must be a non-empty string.")
    if not isinstance(text.get("preview_url", False), bool):
        raise refused_parameter("Param text['preview_url'] must be a boolean.")


def _check_media(kind: str, content: object, media: MediaStore) -> None:
    value = check_keys(content, _MEDIA_KEYS[kind], kind)
    if ("id" in value) == ("link" in value):
        raise refused(131009, f"Param {kind} must have either id or link.")
    if "caption" in value:
        check_string(value["caption"], f"{kind}['caption']", MOST_CAPTION)
    if "id" in value:
        media.check_sent(kind, value["id"])
    elif not str(value["link"]).startswith(("http://", "https://")):
        raise refused(131009, f"Param {kind}['link'] is not a valid URI.")


def _check_reaction(content: object) -> None:
    reaction = check_keys(content, ("message_id", "emoji"), "reaction")
    check_string(reaction.get("message_id"), "reaction['message_id']", 512)
    # An empty emoji takes the reaction back.
    check_string(reaction.get("emoji"), "reaction['emoji']", 32, least=0)


def _check_template(content: object, account: Account) -> None:
    value = check_keys(content, ("name", "language", "components"), "template")
    language = check_keys(value.get("language"), ("code", "policy"), "template['language']").get("code")
    found = account.templates.get((str(value.get("name")), str(language)))
    if found is None:
        raise refused(132001, f"template name ({value.get('name')}) does not exist in {language}")
    given = 0
    for number, component in enumerate(value.get("components", ())):
        where = f"template['components'][{number}]"
        checked = check_keys(component, ("type", "sub_type", "index", "parameters"), where)
        if str(checked.get("type")).lower() == "body":
            given = len(checked.get("parameters", ()))
    if given != found.parameters:
        raise refused(
            132000,
            f"body: number of localizable_params ({given}) does not match the expected number of "
            f"params ({found.parameters})",
        )
