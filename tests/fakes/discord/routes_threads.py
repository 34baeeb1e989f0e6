"""Threads over REST."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from tests.fakes.discord import access, threads
from tests.fakes.discord.call import ROUTES, Answer, Call
from tests.fakes.discord.channel import Channel, ChannelType
from tests.fakes.discord.drafts import new_draft
from tests.fakes.discord.message_payloads import message_object
from tests.fakes.discord.payloads import thread_member_object, thread_object
from tests.fakes.discord.permissions import Permission
from tests.fakes.discord.refusals import (
    MISSING_PERMISSIONS,
    THREAD_EXISTS,
    THREAD_IS_ARCHIVED,
    UNKNOWN_USER,
    WRONG_CHANNEL_TYPE,
    RefusedError,
    invalid,
)
from tests.fakes.discord.wire import Json

if TYPE_CHECKING:
    from tests.fakes.discord.world import World

_DURATIONS = (60, 1440, 4320, 10080)
_MEMBERS = "/channels/{channel_id}/thread-members"
_NEEDED = {
    ChannelType.PUBLIC_THREAD: Permission.CREATE_PUBLIC_THREADS,
    ChannelType.ANNOUNCEMENT_THREAD: Permission.CREATE_PUBLIC_THREADS,
    ChannelType.PRIVATE_THREAD: Permission.CREATE_PRIVATE_THREADS,
}


@ROUTES.serve("POST", "/channels/{channel_id}/messages/{message_id}/threads")
def start_thread_from_message(world: World, call: Call) -> Answer:
    message = access.message_of(world, call)
    if message.channel.kind not in (ChannelType.TEXT, ChannelType.ANNOUNCEMENT):
        raise RefusedError(WRONG_CHANNEL_TYPE)
    access.need(world, message.channel, Permission.CREATE_PUBLIC_THREADS)
    name, minutes = _name(call.json), _minutes(call.json)
    if message.thread is not None:
        raise RefusedError(THREAD_EXISTS)
    thread = threads.create_from(world, message, world.bot, name, auto_archive_minutes=minutes)
    return Answer(thread_object(thread, viewer=world.bot), 201)


@ROUTES.serve("POST", "/channels/{channel_id}/threads")
def start_thread(world: World, call: Call) -> Answer:
    parent = call.channel(world)
    if parent.kind is ChannelType.FORUM:
        return _start_post(world, call, parent)
    if parent.kind not in (ChannelType.TEXT, ChannelType.ANNOUNCEMENT):
        raise RefusedError(WRONG_CHANNEL_TYPE)
    kind = _thread_kind(call.json)
    access.need(world, parent, _NEEDED[kind])
    name, minutes = _name(call.json), _minutes(call.json)
    thread = threads.create(world, parent, world.bot, name, kind=kind, auto_archive_minutes=minutes)
    return Answer(thread_object(thread, viewer=world.bot), 201)


@ROUTES.serve("GET", "/channels/{channel_id}/threads/archived/public")
def list_archived_threads(world: World, call: Call) -> Answer:
    parent = call.channel(world)
    access.need(world, parent, Permission.READ_MESSAGE_HISTORY)
    found = _archived_in(parent, before=call.query.get("before"))
    limit = int(call.query.get("limit", "50"))
    shown = found[:limit]
    joined = [one for one in shown if one.thread is not None and world.bot.id in one.thread.members]
    body: Json = {
        "threads": [thread_object(one, viewer=world.bot) for one in shown],
        "members": [thread_member_object(one, world.bot.id) for one in joined],
        "has_more": len(found) > limit,
    }
    return Answer(body)


@ROUTES.serve("GET", _MEMBERS)
def list_thread_members(world: World, call: Call) -> Answer:
    thread = _thread(world, call)
    assert thread.thread is not None
    return Answer([thread_member_object(thread, one) for one in thread.thread.members])


@ROUTES.serve("PUT", _MEMBERS + "/{user_id}")
def add_thread_member(world: World, call: Call) -> Answer:
    thread = _thread(world, call)
    access.refuse_archived(thread)
    access.need(world, thread, Permission.SEND_MESSAGES_IN_THREADS)
    user = world.users.get(world.bot.id if call.arguments["user_id"] == "@me" else call.id("user_id"))
    if user is None or thread.guild is None or user.id not in thread.guild.members:
        raise RefusedError(UNKNOWN_USER)
    threads.add_member(world, thread, user)
    return Answer()


def change_thread(world: World, thread: Channel, body: Json) -> Answer:
    """Archive, bring back, lock or rename a thread."""
    state = thread.thread
    assert state is not None
    _refuse_change(world, thread, body)
    archived, locked = bool(body.get("archived", state.archived)), bool(body.get("locked", state.locked))
    if (archived, locked) != (state.archived, state.locked):
        threads.set_archived(world, thread, archived=archived, locked=locked)
    if "auto_archive_duration" in body:
        state.auto_archive_minutes = _minutes(body)
        threads.tell(world, "THREAD_UPDATE", thread)
    if body.get("name", thread.name) != thread.name:
        threads.rename(world, thread, _name(body), world.bot)
    return Answer(thread_object(thread, viewer=world.bot))


def _refuse_change(world: World, thread: Channel, body: Json) -> None:
    """Owners and moderators change a thread; whoever may write brings it back; moderators alone lock and unlock."""
    state = thread.thread
    assert state is not None
    access.need(world, thread, Permission.VIEW_CHANNEL)
    granted = thread.permissions_of(world.bot)
    is_moderator = bool(granted & Permission.MANAGE_THREADS)
    brings_back = body.get("archived") is False
    if state.archived and not brings_back and set(body) - {"archived", "locked"}:
        raise RefusedError(THREAD_IS_ARCHIVED)
    if is_moderator:
        return
    is_owner = state.owner_id == world.bot.id
    only_brings_back = brings_back and set(body) <= {"archived"} and granted & Permission.SEND_MESSAGES_IN_THREADS
    if "locked" in body or (state.locked and brings_back) or not (is_owner or only_brings_back):
        raise RefusedError(MISSING_PERMISSIONS)


def _archived_in(parent: Channel, *, before: str | None) -> list[Channel]:
    """Archived threads, the latest first."""
    assert parent.guild is not None
    own = ((one, one.thread) for one in parent.guild.threads.values() if one.parent is parent)
    found = [(state.changed_at, one) for one, state in own if state is not None and state.archived]
    found.sort(key=lambda one: one[0], reverse=True)
    end = None if before is None else datetime.fromisoformat(before)
    return [one for changed_at, one in found if end is None or changed_at < end]


def _start_post(world: World, call: Call, forum: Channel) -> Answer:
    access.need(world, forum, Permission.SEND_MESSAGES)
    message = call.json.get("message")
    if not isinstance(message, dict):
        raise invalid("message", "BASE_TYPE_REQUIRED", "This field is required")
    draft = new_draft(world, call, message)
    name, minutes = _name(call.json), _minutes(call.json)
    tags = [int(one) for one in call.json.get("applied_tags") or []]
    thread, first = threads.create_post(world, forum, world.bot, name, draft, auto_archive_minutes=minutes, tags=tags)
    body = thread_object(thread, viewer=world.bot)
    return Answer({**body, "message": message_object(first, viewer=world.bot)}, 201)


def _thread(world: World, call: Call) -> Channel:
    thread = call.channel(world)
    if not thread.is_thread:
        raise RefusedError(WRONG_CHANNEL_TYPE)
    access.need(world, thread, Permission.VIEW_CHANNEL)
    return thread


def _thread_kind(body: Json) -> ChannelType:
    try:
        kind = ChannelType(body.get("type", ChannelType.PRIVATE_THREAD))
    except ValueError:
        kind = ChannelType.CATEGORY
    if kind not in _NEEDED:
        raise invalid("type", "BASE_TYPE_CHOICES", f"Value must be one of {[int(one) for one in _NEEDED]}.")
    return kind


def _name(body: Json) -> str:
    name = str(body.get("name") or "").strip()
    if not 1 <= len(name) <= 100:
        raise invalid("name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    return name


def _minutes(body: Json) -> int:
    minutes = body.get("auto_archive_duration")
    if minutes is None:
        return 1440
    if minutes not in _DURATIONS:
        raise invalid("auto_archive_duration", "BASE_TYPE_CHOICES", f"Value must be one of {_DURATIONS}.")
    return int(minutes)
