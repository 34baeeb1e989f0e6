"""What comes back for a message or a command, as one JSON answer."""

from base64 import b64encode
from collections.abc import AsyncGenerator
from contextlib import aclosing

from source.adapters.web.chat_bodies import (
    ChatAnswer,
    CommandAnswer,
    CommandShown,
    FileShown,
    LeftOver,
    LineShown,
    OptionShown,
    SaidShown,
    SessionConversation,
)
from source.adapters.web.chat_channel import Failed, Noticed
from source.adapters.web.chat_exchange import Answered, ChatEvent
from source.adapters.web.event_stream import done, failed
from source.domain.message import Message
from source.ports.store import ConversationListing
from source.services.commands import CommandReply, CommandSpec, ExportedFile


async def chat_answer(events: AsyncGenerator[ChatEvent], *, session_id: str, message_id: str) -> ChatAnswer | None:
    """Return what came of a message once that is known; None: there was no reply at all."""
    notices: list[str] = []
    async with aclosing(events):
        async for event in events:
            match event:
                case Noticed(_, line):
                    notices.append(line)
                case Failed(_, sentence):
                    return ChatAnswer(
                        status="kept", session_id=session_id, message_id=message_id, notices=notices, sentence=sentence
                    )
                case Answered():
                    return ChatAnswer(
                        status="answered",
                        session_id=session_id,
                        message_id=message_id,
                        text=event.text,
                        interrupted=event.interrupted,
                        conversation_id=event.conversation_id,
                        reply_id=event.reply_id,
                        notices=notices,
                    )
    return None


async def left_over(events: AsyncGenerator[ChatEvent]) -> LeftOver:
    """Return all that was left, once everything is settled."""
    answered: list[Answered] = []
    without: list[Failed] = []
    async for event in events:
        match event:
            case Answered():
                answered.append(event)
            case Failed():
                without.append(event)
    return LeftOver(replies=[done(each) for each in answered], failures=[failed(each) for each in without])


def command_answer(reply: CommandReply, answer: ChatAnswer | None) -> CommandAnswer:
    """Return what a command says."""
    lines = [
        LineShown(text=line.text, session_id=line.thread.thread_id if line.thread else None) for line in reply.lines
    ]
    return CommandAnswer(
        text=reply.text,
        lines=lines,
        file=_file_shown(reply.file) if reply.file else None,
        session_id=reply.thread.thread_id if reply.thread else None,
        archived=reply.archived,
        answer=answer,
    )


def _file_shown(file: ExportedFile) -> FileShown:
    content = b64encode(file.content).decode("ascii")
    return FileShown(name=file.name, size_bytes=len(file.content), content_base64=content)


def command_shown(spec: CommandSpec) -> CommandShown:
    """Return a word of the vocabulary."""
    options = [
        OptionShown(
            name=option.name,
            summary=option.summary,
            kind=option.kind.value,
            required=option.required,
            choices=list(option.choices),
            is_suggested=option.is_suggested,
            takes_rest=option.takes_rest,
            is_hidden=option.is_hidden,
        )
        for option in spec.options
    ]
    return CommandShown(
        name=spec.name, summary=spec.summary, usage=spec.usage, is_private=spec.is_private, options=options
    )


def said_shown(message: Message) -> SaidShown:
    """Return a message of a session."""
    return SaidShown(
        id=message.message_id,
        role="user" if message.is_from_person else "assistant",
        content=message.message_content,
        created_at=message.created_at,
        requester=message.requester,
        interrupted=message.interrupted,
        edited_at=message.edited_at,
        pii=list(message.pii),
    )


def session_conversation(number: int, listing: ConversationListing) -> SessionConversation:
    """Return a conversation of a session."""
    return SessionConversation(
        number=number,
        conversation_id=listing.conversation_id,
        title=listing.title,
        summary=listing.summary,
        state=listing.state.value,
        created_at=listing.created_at,
        last_message_at=listing.last_message_at,
        message_count=listing.message_count,
        parent_conversation_id=listing.parent_conversation_id,
        created_reason=listing.created_reason,
        filename=listing.filename,
    )
