"""Builds what one model call is shown, so that the longest possible prefix repeats from turn to turn."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from source.domain.context import ContextLimits, kept
from source.domain.conversation_head import ConversationHead
from source.domain.message import Message, MessageType
from source.domain.thread import PersonRef
from source.domain.token_estimate import TokenEstimator
from source.ports.llm import Prompt, PromptMessage, Role, ToolCall, ToolSpec
from source.services.conversation import Conversation

_CARRIED = "What you know from before this conversation began:\n"
_RUNNING = "What was said earlier in this conversation, in short:\n"
_BY_A_PERSON = "[A person of our team answered this in your place:]"
# A history that outgrows its mark during a turn may do so by this much before it is cut there and then.
TURN_SLACK = 1.25


@dataclass(frozen=True, slots=True)
class ContextSettings:
    """How much of a history a prompt may show, and how long a reply may be."""

    max_messages: int
    budget_tokens: int
    max_output_tokens: int


class ContextService:
    """Lays a prompt out as persona, carried summary, running summary, history: only the end ever grows.

    Nothing that it computes is written back over the history.
    """

    def __init__(
        self,
        settings: ContextSettings,
        estimator: TokenEstimator,
        *,
        model: str,
        persona: str,
        tools: Sequence[ToolSpec] = (),
    ) -> None:
        self._settings = settings
        self._estimator = estimator
        self._model = model
        self._persona = persona
        self._tools = tuple(tools)

    def build(
        self,
        conversation: Conversation,
        arriving: Sequence[Message],
        people: Sequence[PersonRef] = (),
        *,
        without: Collection[int] = (),
    ) -> Prompt:
        """Return the prompt for a turn in which `arriving` was said by `people`, without the messages of some ids."""
        head = conversation.head
        names = {**(conversation.people or {}), **{person.external_id: person.display_name for person in people}}
        shown = [*_shown(conversation), *arriving]
        if without:
            shown = [message for message in shown if message.message_id not in without]
        return Prompt(
            messages=(*self._opening(head), *rendered(shown, names, named=head.thread.guild_id is not None)),
            tools=self._tools,
            max_output_tokens=self._settings.max_output_tokens,
            cache_key=str(head.conversation_id),
        )

    def limits(self) -> ContextLimits:
        """Return the marks as they stand, with the token budget in bytes as usage has taught them."""
        budget = self._estimator.bytes_for(self._model, self._settings.budget_tokens)
        return ContextLimits(self._settings.max_messages, budget)

    def leaving(
        self, conversation: Conversation, arriving: Sequence[Message] = (), *, slack: float = 1.0
    ) -> list[Message]:
        """Return the oldest messages that have to leave the context; none while it is within its marks.

        Those among them that no longer count leave too: the context starts after all of them.
        """
        shown = _shown(conversation)
        limits = self.limits()
        if not limits.overflows([*shown, *arriving], slack=slack):
            return []
        return _before(conversation, shown, limits.cut([*shown, *arriving]))

    def half(self, conversation: Conversation) -> list[Message]:
        """Return the older half of what is shown: what leaves when the model itself finds a prompt too long."""
        shown = _shown(conversation)
        size = sum(message.size_bytes for message in shown)
        return _before(conversation, shown, ContextLimits(len(shown), size).cut(shown))

    def _opening(self, head: ConversationHead) -> list[PromptMessage]:
        began = f"This conversation began on {head.created_at:%A, %d %B %Y} (UTC)."
        opening = [PromptMessage(Role.SYSTEM, f"{self._persona}\n\n{began}")]
        if head.carried_summary:
            opening.append(PromptMessage(Role.SYSTEM, _CARRIED + head.carried_summary))
        if head.running_summary:
            opening.append(PromptMessage(Role.SYSTEM, _RUNNING + head.running_summary))
        return opening


def _shown(conversation: Conversation) -> list[Message]:
    return kept(conversation.history.since(conversation.head.context_start))


def _before(conversation: Conversation, shown: Sequence[Message], index: int) -> list[Message]:
    """Return everything in the context, whether it counts or not, that comes before the shown message at `index`."""
    if index == 0:
        return []
    everything = conversation.history.since(conversation.head.context_start)
    if index >= len(shown):
        return everything
    first = shown[index].message_id
    return everything[: next(at for at, message in enumerate(everything) if message.message_id == first)]


def rendered(messages: Sequence[Message], people: Mapping[str, str], *, named: bool) -> Iterator[PromptMessage]:
    """Yield each message as a model is shown it; `named` puts who speaks before each person's words."""
    for message in messages:
        match message.message_type:
            case MessageType.CHAT:
                yield _chat(message, people, named=named)
            case MessageType.TOOL_CALL:
                yield _tool_call(message)
            case MessageType.TOOL_CALL_RESPONSE:
                yield _tool_response(message)
            case MessageType.THINKING:
                pass  # what a model thought is not shown to it again: vendors advise against it


def _chat(message: Message, people: Mapping[str, str], *, named: bool) -> PromptMessage:
    if message.requester is None:
        text = message.message_content + (" [interrupted]" if message.interrupted else "")
        return PromptMessage(Role.ASSISTANT, text)
    if message.is_of_business:
        return PromptMessage(Role.USER, f"{_BY_A_PERSON} {message.message_content}")  # not what the model said itself
    # By place, not by how many have spoken: a second person must not change how the first one's past reads.
    name = f"{people.get(message.requester, message.requester)}: " if named else ""
    return PromptMessage(Role.USER, name + message.message_content)


def _tool_call(message: Message) -> PromptMessage:
    tools = message.tools or ()
    if not tools or not all(tool.get("id") for tool in tools):  # written by hand or by another system: plain text
        return PromptMessage(Role.ASSISTANT, message.message_content)
    calls = (ToolCall(str(tool["id"]), str(tool.get("name")), json.dumps(tool.get("params", {}))) for tool in tools)
    return PromptMessage(Role.ASSISTANT, message.message_content, tool_calls=tuple(calls))


def _tool_response(message: Message) -> PromptMessage:
    call_id = message.tools[0].get("id") if message.tools else None
    if not call_id:
        return PromptMessage(Role.ASSISTANT, message.message_content)
    return PromptMessage(Role.TOOL, message.message_content, tool_call_id=str(call_id))
