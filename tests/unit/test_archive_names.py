"""Names and content of archived transcripts."""

from dataclasses import replace
from datetime import timedelta

import pytest

from source.adapters.blobs.zstandard import Zstandard
from source.domain.archive_name import archive_name, archive_names, conversation_in, is_compressed
from source.domain.archived_content import archived_content, says_the_same
from source.domain.conversation_head import ConversationState
from source.domain.errors import ArchiveDamagedError
from source.domain.message import Standing
from source.domain.thread import Platform, ThreadRef
from source.domain.transcript import encode_transcript
from source.domain.transcript_name import MAX_NAME_BYTES
from tests.fakes.transcript_samples import MORNING, a_conversation, a_head, in_state

NAME = "2026-03-02_conversation-with-42-in-987654321_1.json"


def test_a_name_follows_from_the_conversation_whatever_its_file_is_called() -> None:
    for filename in ("Kuchen.json", "../../etc/passwd", NAME):
        assert archive_names(a_head(filename=filename)) == (f"{NAME}.zst", NAME)
    assert archive_name(a_head(updated_at=MORNING + timedelta(days=9)), compressed=False) == NAME


@pytest.mark.parametrize("hostile", ["../../etc/passwd", "", "a/b\\c", "CON", "x" * 5000, "a\x00b", "_7.json"])
def test_a_name_is_safe_and_tells_its_conversation_whatever_the_ids_are(hostile: str) -> None:
    head = a_head(4_711, thread=ThreadRef(Platform.DISCORD, hostile, hostile), requester=hostile)
    for name in archive_names(head):
        assert conversation_in(name) == 4_711
        assert not set(name) & set('/\\\0"<>|:*?')
        assert len(name.encode()) <= MAX_NAME_BYTES + 30
    assert [is_compressed(name) for name in archive_names(head)] == [True, False]


@pytest.mark.parametrize("name", ["README.md", "a.json", "a.json.zst", "x/a_1.json", "_1.json.gz", "a_1.json.tmp", ""])
def test_a_name_that_tells_no_conversation_tells_none(name: str) -> None:
    assert conversation_in(name) is None


def test_what_is_put_away_says_nothing_of_archiving() -> None:
    ended = in_state(a_conversation(), ConversationState.ENDED)
    for state in ConversationState:
        assert archived_content(in_state(ended, state)) == encode_transcript(ended)


def test_a_transcript_says_the_same_in_whatever_form_it_is() -> None:
    conversation = in_state(a_conversation(), ConversationState.ARCHIVED)
    content = archived_content(conversation)
    assert says_the_same(content, conversation)
    assert says_the_same(b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n"), conversation)
    assert not says_the_same(content.replace(b"Hello", b"Hallo"), conversation)
    assert not says_the_same(content[:-5], conversation)
    assert not says_the_same(b"{}", conversation)
    assert not says_the_same(encode_transcript(conversation), conversation)
    taken_back = replace(conversation.messages[0], message_content="", standing=Standing.DELETED)
    assert not says_the_same(content, replace(conversation, messages=(taken_back, *conversation.messages[1:])))


def test_compressed_data_that_is_cut_changed_or_too_large_is_refused() -> None:
    zstandard = Zstandard()
    frame = zstandard.compress(b"what was said" * 1000)
    flipped = bytearray(frame)
    flipped[-6] ^= 1
    for spoilt in (frame[:-1], b"", b"plain", bytes(flipped)):
        with pytest.raises(ArchiveDamagedError):
            zstandard.decompress(spoilt, max_bytes=100_000)
    with pytest.raises(ArchiveDamagedError, match="too large"):
        zstandard.decompress(frame, max_bytes=12_999)
    assert zstandard.decompress(frame, max_bytes=13_000) == b"what was said" * 1000
    assert zstandard.compress(b"what was said" * 1000) == frame
