"""The page about the folder says what the code does."""

import json
import re
from pathlib import Path

from source.adapters.storage import folder_lock
from source.adapters.web import local_token
from source.app.operations import EXECUTIONS
from source.domain.conversation_head import ConversationState, CreatedReason
from source.domain.message import MessageType
from source.domain.outcome import Outcome
from source.domain.thread import Platform
from source.domain.transcript import decode_transcript, encode_transcript
from source.domain.transcript_format import EntryMeta, Transcript

PAGE = (Path(__file__).parents[2] / "conversations" / "README.md").read_text(encoding="utf-8")
EXAMPLE = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)[0]


def test_the_example_is_a_transcript_with_every_key_in_the_order_of_the_files() -> None:
    example = json.loads(EXAMPLE)
    written = json.loads(encode_transcript(decode_transcript(EXAMPLE.encode(), "example.json")))
    assert list(example) == list(written)
    assert example == written


def test_every_key_is_explained() -> None:
    explained = set(re.findall(r"`([a-z_.]+)`", "".join(line for line in PAGE.splitlines() if line.startswith("| `"))))
    assert Transcript.model_fields.keys() <= explained
    assert {f"meta.{key}" for key in EntryMeta.model_fields} <= explained


def test_every_file_beside_the_transcripts_is_explained() -> None:
    token, lock, owner = local_token._FILE, folder_lock._LOCK, folder_lock._OWNER
    for name in ("echo.db", EXECUTIONS, token, lock, owner):
        assert f"`{name}`" in PAGE, name


def test_every_value_of_a_closed_set_is_named() -> None:
    for values in (ConversationState, CreatedReason, MessageType, Platform, [each for each in Outcome if each]):
        for value in values:
            assert f"`{value}`" in PAGE
