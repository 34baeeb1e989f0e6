"""What people send that is no text, in words, and which file is to be looked at."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from source.adapters.whatsapp.items import Content
from source.adapters.whatsapp.reading.values import Json, kind_in, object_in, objects_in, string_in
from source.domain.message_text import storable
from source.ports.media import MediaKind

_MOST_LISTED: Final = 20
_MOST_CHARS: Final = 300
# Meta: an edit of a message comes as something unsupported, for as long as edits are not passed on.
_NO_MESSAGE: Final = frozenset({"edit", "revoke", "message_edit"})
_MEDIA: Final[Mapping[str, MediaKind]] = {
    "image": MediaKind.IMAGE,
    "video": MediaKind.VIDEO,
    "audio": MediaKind.AUDIO,
    "document": MediaKind.DOCUMENT,
    "sticker": MediaKind.STICKER,
}


def words_in(message: Json) -> str | None:
    """Return what was sent in words, with its caption; None for what is no message."""
    kind = message.get("type")
    words = _WORDS.get(kind) if isinstance(kind, str) else None
    return words(message) if words else None


def file_in(message: Json) -> Content | None:
    """Return which file of Meta's was sent, as it is kept until it was looked at; None where there is none.

    It is `named` so in the words of the message, before its caption.
    """
    kind = message.get("type")
    media = object_in(message.get(kind)) if isinstance(kind, str) and kind in _MEDIA else {}
    media_id = string_in(media.get("id"))
    if not media_id:
        return None
    return {
        "kind": _kind_of(message).name,
        "id": media_id,
        "type": string_in(media.get("mime_type")).partition(";")[0].strip().lower(),
        "sha256": string_in(media.get("sha256")),
        "name": _line(media.get("filename")),
        "named": _named(message),
    }


def _kind_of(message: Json) -> MediaKind:
    kind = _MEDIA[str(message["type"])]
    is_voice = kind is MediaKind.AUDIO and object_in(message.get("audio")).get("voice") is not False
    return MediaKind.VOICE if is_voice else kind


def _media(message: Json) -> str:
    media = object_in(message.get(str(message["type"])))
    return f"{_named(message)} {storable(string_in(media.get('caption')))}".strip()


def _named(message: Json) -> str:
    media = object_in(message.get(str(message["type"])))
    return _told(_kind_of(message).value, [_line(media.get("filename"))])


def _location(message: Json) -> str:
    place = object_in(message.get("location"))
    names = [_line(place.get(key)) for key in ("name", "address")]
    numbers = [place.get(key) for key in ("latitude", "longitude")]
    where = ", ".join(f"{number:.6g}" for number in numbers if isinstance(number, int | float))
    return _told("location", [*names, where])


def _contacts(message: Json) -> str:
    people = objects_in(message.get("contacts"))[:_MOST_LISTED]
    return "\n".join(map(_contact, people)) or "[contact]"


def _contact(person: Json) -> str:
    name = _line(object_in(person.get("name")).get("formatted_name"))
    phones = [_line(each.get("phone")) for each in objects_in(person.get("phones"))]
    emails = [_line(each.get("email")) for each in objects_in(person.get("emails"))]
    company = _line(object_in(person.get("org")).get("company"))
    return _told("contact", [name, company, *phones[:_MOST_LISTED], *emails[:_MOST_LISTED]])


def _order(message: Json) -> str:
    order = object_in(message.get("order"))
    products = objects_in(order.get("product_items"))[:_MOST_LISTED]
    return f"{_told('order', map(_product, products))} {storable(string_in(order.get('text')))}".strip()


def _product(product: Json) -> str:
    number, price = product.get("quantity"), product.get("item_price")
    each = f" at {price} {_line(product.get('currency'))}".rstrip() if isinstance(price, int | float) else ""
    count = f"{number} × " if isinstance(number, int) else ""
    return f"{count}{_line(product.get('product_retailer_id')) or 'product'}{each}"


def _unsupported(message: Json) -> str | None:
    kind = kind_in(object_in(message.get("unsupported")).get("type"))
    if kind in _NO_MESSAGE:
        return None
    return f"[{'something' if kind == 'unknown' else kind.replace('_', ' ')} that WhatsApp does not pass on]"


def _told(kind: str, facts: Iterable[str]) -> str:
    known = ", ".join(fact for fact in facts if fact)
    return f"[{kind}: {known}]" if known else f"[{kind}]"


def _line(value: object) -> str:
    return storable(" ".join(string_in(value).split()))[:_MOST_CHARS]


_WORDS: Final[Mapping[str, Callable[[Json], str | None]]] = {
    **dict.fromkeys(_MEDIA, _media),
    "location": _location,
    "contacts": _contacts,
    "order": _order,
    "unsupported": _unsupported,
}
