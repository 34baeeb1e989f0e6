"""What is looked for of a forgotten person is known until they are forgotten, whatever the database."""

import pytest

from source.adapters.storage.person_reading import PersonTable
from source.adapters.storage.receipt_table import ReceiptTable
from source.adapters.storage.said_table import SaidTable
from source.adapters.storage.sql_store import SqlStore
from source.domain.privacy import Receipt, ReceiptKind, Subject
from tests.fakes.store_samples import inbound


@pytest.fixture
async def receipt(sql_store: SqlStore) -> Receipt:
    said = inbound("Hello")
    await sql_store.accept(said)
    who = await PersonTable(sql_store).known_as(said.thread.platform, said.person.external_id)
    assert who is not None
    subject = Subject(who.person_id)
    return await ReceiptTable(sql_store).add_receipt(ReceiptKind.FORGET, subject=subject, requested_by="person")


async def test_what_is_noted_again_is_added_to_what_was(sql_store: SqlStore, receipt: Receipt) -> None:
    said = SaidTable(sql_store)
    await said.note_said(receipt.receipt_id, 7, ["one", "two"])
    await said.note_said(receipt.receipt_id, 7, ["two", "three"])
    await said.note_said(receipt.receipt_id, 8, [])
    await said.note_said(receipt.receipt_id + 1, 9, ["of somebody else"])
    assert await said.said(receipt.receipt_id) == {7: ["one", "two", "three"], 8: []}


async def test_it_goes_with_the_name_of_who_it_was(sql_store: SqlStore, receipt: Receipt) -> None:
    said = SaidTable(sql_store)
    await said.note_said(receipt.receipt_id, 7, ["one"])
    await said.note_said(receipt.receipt_id + 1, 9, ["of somebody else"])
    await ReceiptTable(sql_store).drop_subject(receipt.receipt_id)
    assert await said.said(receipt.receipt_id) == {}
    assert await said.said(receipt.receipt_id + 1) == {9: ["of somebody else"]}
