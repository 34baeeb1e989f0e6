"""What may be done next is offered as commands that say enough by themselves."""

from dataclasses import replace
from datetime import UTC, datetime

from source.domain.conversation_head import ConversationState
from source.domain.thread import Platform, ThreadRef
from source.ports.store import ConversationListing
from source.services.commands import words
from source.services.commands.offering import MOST_CHOICES, to_begin_with, to_resume
from source.services.commands.typed_words import Commanded, understood
from source.services.commands.vocabulary import Choice

ENDED = ConversationListing(
    conversation_id=41,
    thread=ThreadRef(Platform.WHATSAPP, "1"),
    title="The boat",
    summary="",
    state=ConversationState.ENDED,
    created_at=datetime(2026, 11, 20, 9, tzinfo=UTC),
    last_message_at=datetime(2026, 11, 21, 9, 30, tzinfo=UTC),
    message_count=1,
    parent_conversation_id=None,
    created_reason="first_message",
    filename="x.json",
)
VOCABULARY = (words.NEW, words.SEARCH, words.SUMMARY, words.FORGET_ME, words.STOP)


def test_a_conversation_is_offered_by_its_id() -> None:
    assert to_resume([ENDED]) == (Choice("The boat", "/resume 41", "2026-11-21 09:30 · 1 message · ended"),)
    (untitled,) = to_resume([replace(ENDED, title=" ", last_message_at=None, message_count=2)])
    assert (untitled.label, untitled.about) == ("20 November 2026", "2026-11-20 09:00 · 2 messages · ended")


def test_what_runs_is_not_gone_back_to_and_only_so_many_are_offered() -> None:
    running = replace(ENDED, state=ConversationState.ACTIVE)
    archived = [replace(ENDED, conversation_id=each, state=ConversationState.ARCHIVED) for each in range(20)]
    assert [each.command for each in to_resume([running, *archived])] == [f"/resume {n}" for n in range(MOST_CHOICES)]


def test_help_offers_what_needs_no_more_words() -> None:
    offered = to_begin_with(VOCABULARY)
    assert [each.command for each in offered] == ["/new", "/summary", "/forget-me"]
    assert offered[1].about == words.SUMMARY.summary
    assert all(isinstance(understood(each.command, VOCABULARY), Commanded) for each in offered)
