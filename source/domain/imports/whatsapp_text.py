"""What WhatsApp writes in place of, or behind, what somebody said."""

import re
from typing import Final, NamedTuple

from source.domain.imports.marks import LRM, MARKS, without_marks

# Of iPhones all that is not somebody's own words begins with a mark; of these some stand for what somebody sent.
_ATTACHED: Final = re.compile(r"<[^<>]+>|.+\([^()]+\)\Z", re.DOTALL)
_OMITTED: Final = re.compile(
    r"(?i)omitted|weggelassen|ausgeschlossen|omitid|omess[aio]|omis\b|omise|absent|weggelaten|utelämn|utelatt|udelad"
    r"|pominięt|vynechán|пропущен|не включ|пропущ|dahil edilmedi|省略|忽略|생략|छोड़|محذوف|לא נכלל|λείπ"
)
_SENT: Final = re.compile(r"(?i)https?://|\A(?:poll|umfrage|encuesta|sondage|sondaggio|enquete|location|standort)\b")

_EDITED_WORDS: Final = (
    "this message was edited",
    "diese nachricht wurde bearbeitet",
    "se editó este mensaje",
    "ce message a été modifié",
    "mensagem editada",
    "esta mensagem foi editada",
    "questo messaggio è stato modificato",
    "dit bericht is bewerkt",
    "данное сообщение изменено",
    "сообщение изменено",
)
_EDITED: Final = re.compile(r"\s*(\u200e)?<([^<>\n]{4,60})>\Z")

_DELETED: Final = frozenset(
    {
        "this message was deleted",
        "you deleted this message",
        "this message was deleted by admin",
        "diese nachricht wurde gelöscht",
        "du hast diese nachricht gelöscht",
        "se eliminó este mensaje",
        "este mensaje fue eliminado",
        "eliminaste este mensaje",
        "ce message a été supprimé",
        "vous avez supprimé ce message",
        "mensagem apagada",
        "esta mensagem foi apagada",
        "você apagou esta mensagem",
        "apagou esta mensagem",
        "questo messaggio è stato eliminato",
        "hai eliminato questo messaggio",
        "dit bericht is verwijderd",
        "je hebt dit bericht verwijderd",
        "данное сообщение удалено",
        "сообщение удалено",
        "вы удалили данное сообщение",
        "bu mesaj silindi",
        "bu mesajı sildiniz",
        "usunięto tę wiadomość",
        "تم حذف هذه الرسالة",
        "此訊息已刪除",
        "此消息已删除",
        "このメッセージは削除されました",
        "삭제된 메시지입니다",
    }
)


class Said(NamedTuple):
    """What an entry with a sender says; `is_platform`: nobody said it, WhatsApp did."""

    text: str
    was_edited: bool = False
    is_deleted: bool = False
    is_platform: bool = False


def said_in(text: str, *, is_iphones: bool) -> Said:
    """Return what is left when WhatsApp's own additions are understood; iPhones mark all that nobody typed."""
    plain = without_marks(text).strip()
    if plain.casefold().strip(" .。") in _DELETED:
        return Said("", is_deleted=True)
    is_marked = text.lstrip(MARKS.replace(LRM, "") + " ").startswith(LRM)
    if is_iphones and is_marked and not _stands_for_something_sent(plain):
        return Said(plain, is_platform=True)
    body = text.strip(MARKS + " \n")
    edited = _EDITED.search(body)
    if edited is not None and edited.start() and _says_edited(edited):
        return Said(body[: edited.start()].rstrip(MARKS + " \n"), was_edited=True)
    return Said(body)


def _stands_for_something_sent(plain: str) -> bool:
    return bool(_ATTACHED.match(plain) or _OMITTED.search(plain) or _SENT.search(plain))


def _says_edited(match: re.Match[str]) -> bool:
    """Whether the end says so: with a mark before it WhatsApp wrote it, without one it must be words that are known."""
    is_marked, words = match.groups()
    known = words.casefold().strip(" .") in _EDITED_WORDS
    return known or (is_marked is not None and ":" not in words and "." not in words.rstrip("."))
