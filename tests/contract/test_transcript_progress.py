"""Which transcripts may be behind the store is known, however a conversation was changed, and across crashes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from source.adapters.storage.archive_table import ArchiveTable
from source.adapters.storage.sql_store import SqlStore
from source.adapters.storage.transcript_progress import TranscriptProgress
from source.domain.message import Standing
from source.domain.turn import TurnRecord
from tests.fakes.store_samples import NOW, head, said, whole


@pytest.fixture
def progress(sql_store: SqlStore) -> TranscriptProgress:
    return TranscriptProgress(sql_store)


async def _conversation(store: SqlStore) -> int:
    conversation = head(is_active=False)
    await store.commit_turn(TurnRecord(conversation.conversation_id, (said("one"),), (conversation,)))
    return conversation.conversation_id


async def _settled(store: SqlStore, progress: TranscriptProgress) -> int:
    key = await _conversation(store)
    await progress.note_all_written()
    assert (await progress.unwritten()).conversation_ids == ()
    return key


async def test_new_conversations_are_unwritten_the_newest_first(
    sql_store: SqlStore, progress: TranscriptProgress
) -> None:
    keys = [await _conversation(sql_store) for _ in range(3)]
    assert (await progress.unwritten()).conversation_ids == tuple(sorted(keys, reverse=True))


async def test_a_message_makes_a_conversation_unwritten(sql_store: SqlStore, progress: TranscriptProgress) -> None:
    key = await _settled(sql_store, progress)
    await sql_store.commit_turn(TurnRecord(key, (said("two"),)))
    unwritten = await progress.unwritten()
    assert unwritten.conversation_ids == (key,)
    await progress.note_written({}, up_to=unwritten.up_to)
    assert (await progress.unwritten()).conversation_ids == ()


async def test_a_message_said_long_ago_makes_a_conversation_unwritten(
    sql_store: SqlStore, progress: TranscriptProgress
) -> None:
    key = await _settled(sql_store, progress)
    late = replace(said("late"), created_at=NOW - timedelta(days=400))
    await sql_store.commit_turn(TurnRecord(key, (late,)))
    assert (await progress.unwritten()).conversation_ids == (key,)


async def test_an_end_makes_a_conversation_unwritten(sql_store: SqlStore, progress: TranscriptProgress) -> None:
    key = await _settled(sql_store, progress)
    stored = await sql_store.load(key)
    assert stored is not None
    await sql_store.commit_turn(TurnRecord(key, heads=(stored.head.ended(NOW, summary="Tea."),)))
    assert (await progress.unwritten()).conversation_ids == (key,)


@pytest.mark.parametrize("standing", [Standing.KEPT, Standing.DELETED])
async def test_a_correction_makes_a_conversation_unwritten(
    sql_store: SqlStore, progress: TranscriptProgress, standing: Standing
) -> None:
    key = await _settled(sql_store, progress)
    stored = await sql_store.load(key)
    assert stored is not None
    text = "edited" if standing is Standing.KEPT else ""
    await sql_store.correct(key, replace(stored.messages[0], message_content=text, standing=standing))
    assert (await progress.unwritten()).conversation_ids == (key,)


async def test_a_restored_conversation_is_unwritten(sql_store: SqlStore, progress: TranscriptProgress) -> None:
    key = await _settled(sql_store, progress)
    stored = await sql_store.load(key)
    assert stored is not None
    await sql_store.restore([replace(stored, messages=(*stored.messages, said("from a backup")))])
    assert (await progress.unwritten()).conversation_ids == (key,)
    await sql_store.restore([whole(head(is_active=False), said("another"))])
    assert len((await progress.unwritten()).conversation_ids) == 2


async def test_the_name_of_the_file_makes_nothing_unwritten(sql_store: SqlStore, progress: TranscriptProgress) -> None:
    key = await _settled(sql_store, progress)
    await sql_store.rename_transcript(key, "other.json")
    assert (await progress.unwritten()).conversation_ids == ()


async def test_what_is_changed_while_it_is_written_stays_unwritten(
    sql_store: SqlStore, progress: TranscriptProgress
) -> None:
    key = await _settled(sql_store, progress)
    stored = await sql_store.load(key)
    assert stored is not None
    await sql_store.commit_turn(TurnRecord(key, heads=(stored.head.ended(NOW),)))
    before = await progress.unwritten()
    await sql_store.commit_turn(TurnRecord(key, (said("two"),), (stored.head.ended(NOW, summary="Tea."),)))
    await progress.note_written(before.changes, up_to=before.up_to)
    assert (await progress.unwritten()).conversation_ids == (key,)
    now = await progress.unwritten()
    await progress.note_written(now.changes, up_to=now.up_to)
    assert (await progress.unwritten()).conversation_ids == ()


async def test_nothing_is_unwritten_of_what_was_deleted(sql_store: SqlStore, progress: TranscriptProgress) -> None:
    key = await _conversation(sql_store)
    await ArchiveTable(sql_store).delete_conversations([key])
    unwritten = await progress.unwritten()
    assert (unwritten.conversation_ids, unwritten.changes) == ((), {})
