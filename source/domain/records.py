"""The collections of records that programs read and write: sessions, messages and user summaries.

A session is a conversation, as programs that keep sessions and messages know it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from source.domain.conversation_head import ConversationState, CreatedReason
from source.domain.errors import RefusedInputError
from source.domain.message import MessageType, Standing
from source.domain.metadata import Category, Sentiment
from source.domain.outcome import Outcome
from source.domain.record_field import Field, Given, Kind, nearest
from source.domain.thread import Platform

ROLES: Final = ("user", "assistant")
MOST_IN_ORDER: Final = 5
MOST_CHARS_IN_ORDER: Final = 200
_ONCE: Final = Given.ONCE
_ALWAYS: Final = Given.ALWAYS
_MOST_ID_CHARS: Final = 200
_MOST_CONTENT_CHARS: Final = 100_000
_TOLD: Final = tuple(each.value for each in Outcome if each)
_MORNING: Final = "2026-03-02T09:00:00Z"


@dataclass(frozen=True, slots=True)
class Collection:
    """Records of one kind; `key` names the field that tells them apart, `order` the one of lists without another."""

    name: str
    one: str
    key: str
    fields: Mapping[str, Field]
    order: tuple[str, ...]

    def order_of(self, names: Sequence[str]) -> "tuple[Order, ...]":
        """Return the order by these fields, `-` for the largest first; the key makes it complete.

        Raises: RefusedInputError: no such field, or one that has no order.
        """
        if len(names) > MOST_IN_ORDER:
            raise RefusedInputError(f"order_by: at most {MOST_IN_ORDER} fields are expected.")
        orders: dict[str, Order] = {}
        for order in map(self._order, names or self.order):
            orders.setdefault(order.field.name, order)  # by what is equal already nothing is ordered any more
            if order.field.name == self.key:
                return tuple(orders.values())
        last = next(reversed(orders.values()))
        return (*orders.values(), Order(self.fields[self.key], descending=last.descending))

    def _order(self, name: str) -> "Order":
        known = [field.name for field in self.fields.values() if field.is_ordered]
        bare = name.removeprefix("-")
        if bare not in known:
            raise RefusedInputError(f"order_by: {bare!r} is no field to order by; {nearest(bare, known)}")
        return Order(self.fields[bare], descending=name.startswith("-"))


@dataclass(frozen=True, slots=True)
class Order:
    """A field to order by; what is missing is smaller than everything."""

    field: Field
    descending: bool = False

    @property
    def is_cut(self) -> bool:
        """Whether only its beginning counts (MOST_CHARS_IN_ORDER), so that a place in the order can be handed back."""
        return self.field.kind is Kind.TEXT and not self.field.choices and self.field.max_chars > MOST_CHARS_IN_ORDER


def _fields(*fields: Field) -> Mapping[str, Field]:
    return MappingProxyType({field.name: field for field in fields})


def _text(
    name: str,
    about: str,
    example: object,
    *,
    nullable: bool = True,
    given: Given = Given.NEVER,
    required: bool = False,
    choices: tuple[str, ...] = (),
    max_chars: int = _MOST_ID_CHARS,
) -> Field:
    return Field(
        name,
        Kind.TEXT,
        about,
        example,
        nullable,
        given,
        required,
        choices=choices,
        min_chars=1 if given is _ONCE or required or nullable else 0,
        max_chars=max_chars,
    )


def _flag(name: str, about: str) -> Field:
    return Field(name, Kind.BOOLEAN, about, example=False, nullable=False, given=_ALWAYS)


def _moment(name: str, about: str, *, nullable: bool = False, given: Given = Given.NEVER) -> Field:
    return Field(name, Kind.MOMENT, about, _MORNING, nullable, given)


def _number(name: str, about: str, example: int, *, searchable: bool = True) -> Field:
    return Field(name, Kind.INTEGER, about, example, nullable=False, searchable=searchable)


_VERSION: Final = _number("version", "Changes whenever the record does; the ETag.", 3, searchable=False)
_LANGUAGE: Final = _text("language", "The language, as in BCP 47.", "en", given=_ALWAYS, max_chars=35)
_OUTLET: Final = Field(
    "outlet_id",
    Kind.INTEGER,
    "The operator's own number of a shop or a branch.",
    1,
    given=_ALWAYS,
    least=0,
    most=2**31 - 1,
)

SESSIONS: Final = Collection(
    "sessions",
    "session",
    "session_id",
    _fields(
        Field("session_id", Kind.KEY, "The conversation's id.", "6821946150912032", nullable=False),
        _text("user_id", "Who began it, as their platform names them.", "6591234567", given=_ONCE),
        _text("platform", "Where it is held.", "web", nullable=False, given=_ONCE, choices=tuple(Platform)),
        _text("thread_id", "Its thread there; without one it has its own.", "123456@c.us", nullable=False, given=_ONCE),
        _text("guild_id", "The server or group that the thread belongs to.", "7"),
        _OUTLET,
        _LANGUAGE,
        _moment("start_time", "When it began.", given=_ONCE),
        _moment("end_time", "When it ended.", nullable=True),
        _moment("last_message_at", "When something was last said.", nullable=True),
        _text("state", "Where it is in its life.", "active", nullable=False, choices=tuple(ConversationState)),
        _text("title", "What it is about.", "Pizza boxes", nullable=False, given=_ALWAYS),
        _text("summary", "What was said.", "400 boxes ordered.", nullable=False, given=_ALWAYS, max_chars=20_000),
        Field("intents", Kind.JSON, "What the person wanted.", {"primary": "order_placement"}, given=_ALWAYS),
        Field("context", Kind.JSON, "Whatever programs keep with it.", {"source": "whatsapp"}, given=_ALWAYS),
        _flag("is_starred", "Whether it is never archived by itself."),
        _number("message_count", "How many chat messages it has.", 2, searchable=False),
        Field("parent_session_id", Kind.KEY, "The one that it follows.", "6821946150900000"),
        _text("created_reason", "Why it began.", "first_message", nullable=False, choices=tuple(CreatedReason)),
        _moment("created_at", "As start_time."),
        _moment("updated_at", "When its head last changed."),
        _VERSION,
    ),
    ("-start_time",),
)

MESSAGES: Final = Collection(
    "messages",
    "message",
    "id",
    _fields(
        _number("id", "The message's id; ids grow within a session.", 6821946150912064),
        Field("session_id", Kind.KEY, "Its session.", "6821946150912032", nullable=False, given=_ONCE, required=True),
        _text("role", "Who said it.", "user", nullable=False, given=_ONCE, required=True, choices=ROLES),
        _text("message_type", "What kind of entry it is.", "chat", nullable=False, choices=tuple(MessageType)),
        _text("user_id", "The person who said it; without one it is the session's.", "6591234567", given=_ONCE),
        _text(
            "content",
            "What was said.",
            "Hi, we need 400 pizza boxes",
            nullable=False,
            given=_ALWAYS,
            required=True,
            max_chars=_MOST_CONTENT_CHARS,
        ),
        _moment("timestamp", "When it was said.", given=_ONCE),
        _moment("edited_at", "When its content last changed.", nullable=True),
        Field("pii", Kind.TEXTS, "Kinds of personal data in it, or that were.", ["email", "phone"]),
        _text("delivery", "How far a reply has come, where its platform tells.", "read", choices=_TOLD),
        _LANGUAGE,
        _text("intent", "What the person wanted with it.", "order_placement", given=_ALWAYS),
        Field("confidence", Kind.NUMBER, "How sure the intent is.", 0.95, given=_ALWAYS, least=0, most=1),
        _text("sentiment", "Its mood.", "positive", given=_ALWAYS, choices=tuple(Sentiment)),
        _text("category", "What it is about.", "inquiry", given=_ALWAYS, choices=tuple(Category)),
        Field("tags", Kind.TEXTS, "Words that it is filed under.", ["boxes"], given=_ALWAYS),
        _flag("is_read", "Whether somebody has read it."),
        _flag("is_processed", "Whether it has been dealt with."),
        _text(
            "standing",
            "Whether it counts, or another took its place.",
            "kept",
            nullable=False,
            choices=(Standing.KEPT, Standing.SUPERSEDED),
        ),
        _moment("created_at", "As timestamp."),
        _VERSION,
    ),
    ("id",),
)

USER_SUMMARIES: Final = Collection(
    "user_summaries",
    "user summary",
    "id",
    _fields(
        _number("id", "The summary's id.", 6821946150912096),
        _text("user_id", "Whose it is; each has one.", "6591234567", nullable=False, given=_ONCE, required=True),
        _OUTLET,
        _LANGUAGE,
        _number("total_conversations", "How many conversations they took part in.", 4),
        _number("total_messages", "How many messages they wrote that still stand.", 31),
        Field(
            "intents",
            Kind.JSON,
            "In how many of their conversations each intent came up.",
            {"order_placement": 3},
            nullable=False,
        ),
        _moment("first_interaction", "When they first wrote.", nullable=True),
        _moment("last_interaction", "When they last wrote.", nullable=True),
        Field("preferences", Kind.JSON, "Whatever programs keep about them.", {"delivery": "morning"}, given=_ALWAYS),
        _moment("created_at", "When the summary was made."),
        _moment("updated_at", "When it last changed."),
        _VERSION,
    ),
    ("-last_interaction",),
)

COLLECTIONS: Final = MappingProxyType({each.name: each for each in (SESSIONS, MESSAGES, USER_SUMMARIES)})
