"""What a test in another process sees of this Discord, as JSON."""

from __future__ import annotations

from tests.fakes.discord.call import Call
from tests.fakes.discord.interaction import Interaction
from tests.fakes.discord.message import Attachment, Message
from tests.fakes.discord.server import FakeDiscord
from tests.fakes.discord.wire import Json


def message_view(message: Message) -> Json:
    """A message with its history; times are seconds of the machine's monotonic clock."""
    return {
        "id": message.id,
        "channel_id": message.channel.id,
        "author": message.author.name,
        "is_bot": message.author.is_bot,
        "content": message.content,
        "type": int(message.kind),
        "flags": int(message.flags),
        "embeds": list(message.embeds),
        "components": list(message.components),
        "buttons": [one["custom_id"] for one in message.buttons],
        "attachments": [attachment_view(one) for one in message.attachments],
        "nonce": message.nonce,
        "replies_to": message.reference.message_id if message.reference else None,
        "thread_id": message.thread.id if message.thread else None,
        "reactions": {emoji: [one.name for one in users] for emoji, users in message.reactions.items()},
        "pinged": sorted(message.pings.user_ids | message.pings.role_ids),
        "pinged_everyone": message.pings.everyone,
        "is_ephemeral": message.is_ephemeral,
        "deleted_at": message.deleted_at,
        "versions": [{"at": one.at, "content": one.content} for one in message.versions],
    }


def attachment_view(attachment: Attachment) -> Json:
    text = attachment.content.decode("utf-8", "replace")
    return {"filename": attachment.filename, "size": len(attachment.content), "url": attachment.url, "text": text}


def interaction_view(interaction: Interaction) -> Json:
    return {
        "id": interaction.id,
        "ack": interaction.ack.name.lower() if interaction.ack else None,
        "ack_delay_ms": interaction.ack_delay_ms,
        "late_acks_ms": interaction.late_acks_ms,
        "is_ephemeral": interaction.is_ephemeral,
        "responses": [message_view(one) for one in interaction.responses],
        "choices": interaction.choices,
        "modal": interaction.modal,
    }


def request_view(call: Call) -> Json:
    return {
        "method": call.method,
        "path": call.path,
        "query": dict(call.query),
        "body": call.body,
        "files": [one.filename for one in call.uploads.values()],
        "status": call.status,
        "at": call.at,
    }


def state_view(server: FakeDiscord) -> Json:
    gateway = server.gateway
    return {
        "bot_id": server.bot.id,
        "connected": len(gateway.connected),
        "identifies": gateway.identifies,
        "resumes": gateway.resumes,
        "heartbeats": gateway.heartbeats,
        "close_codes": gateway.close_codes,
        "violations": server.violations,
        "rate_limited": [request_view(one.call) for one in server.rate_limited],
        "faults_struck": len(server.faults.struck),
        "faults_pending": server.faults.pending,
        "commands": [one["name"] for commands in server.world.application.commands.values() for one in commands],
    }
