"""Echo as a business's customers meet it on WhatsApp: the program, against a Graph API on loopback."""

import asyncio
import re
import time
from datetime import timedelta

from tests.e2e.api_server import ApiServer
from tests.e2e.program import Program
from tests.e2e.whatsapp_business import Business, changed
from tests.fakes.graph_items import Item, dumped, packed
from tests.fakes.openai_script import Says


async def test_a_message_is_answered_where_it_came_from(business: Business) -> None:
    assert await business.meta.verify()
    assert not await business.meta.verify("other words")
    business.model.queue(Says(["**Tea**", " is at [our shop](https://shop.example)."]))
    asked = await business.says("Where is tea?")
    (answer,) = await business.answers()
    assert answer.text == "*Tea* is at our shop (https://shop.example)."
    await business.graph.until(lambda: business.graph.reads)
    assert business.graph.reads[0].message_id == asked.id
    transcript = await business.transcript()
    assert business.ada.phone not in transcript.name


async def test_a_batch_with_repeats_and_in_any_order_is_answered_once_in_order(business: Business) -> None:
    second = business.phone.text("second")
    first = business.phone.text("first", at=business.graph.clock.now() - timedelta(seconds=9))
    await business.meta.post_again(await business.brings(second, first))
    await business.brings(changed(first, text={"body": "first, with other bytes"}))
    await business.answers()
    await asyncio.sleep(1)
    assert len(business.ada.received) == 1
    assert [text.removeprefix("Ada: ") for text in business.asked()] == ["first", "second"]


async def test_what_meta_did_not_sign_is_refused(business: Business) -> None:
    body = dumped(packed(business.graph.account, [business.phone.text("Hello")]))
    for signature in (None, "sha256=", "sha256=" + "0" * 64, "sha256=ü"):
        assert await business.meta.knock(body, signature=signature) == 403, signature
    await asyncio.sleep(0.5)
    assert business.model.requests == []


async def test_a_body_of_three_megabytes_is_taken_and_a_larger_one_is_not(business: Business) -> None:
    filling = [Item("statuses", {"id": f"wamid.s{each}", "status": "read", "x": "y" * 1_000}) for each in range(2_850)]
    body = dumped(packed(business.graph.account, [business.phone.text("Hello"), *filling]))
    assert 2_900_000 < len(body) < 3_145_728
    assert await business.meta.knock(body) == 200
    await business.answers()
    assert await business.meta.knock(body + b" " * 1_000_000) == 413


async def test_whoever_hides_their_number_is_answered_by_their_id(business: Business) -> None:
    eve = business.graph.people.add("Eve", phone="4915100000000", username="eve", shows_phone=False)
    await business.says("Hello", who=eve)
    (answer,) = await business.answers(who=eve)
    assert answer.text in {"You said: Eve: Hello", "You said: Hello"}


async def test_what_is_unknown_is_passed_over(business: Business) -> None:
    await business.brings(business.phone.writes("hologram", {"x": 1}), business.phone.text("Hello"))
    assert await business.meta.knock(b"[1, 2]") == 200
    await business.answers()
    assert "hologram" in business.bot.log


async def test_a_long_reply_arrives_in_messages_that_fit(business: Business) -> None:
    business.model.queue(Says([f"Sentence number {number} of a long reply. " for number in range(240)]))
    await business.says("Tell me everything")
    answers = await business.answers(3)
    assert all(len(answer.text) <= 4_096 for answer in answers)
    assert "Sentence number 239" in answers[-1].text


async def test_commands_are_carried_out(business: Business) -> None:
    await business.says("Hello")
    await business.answers()
    await business.says("/new")
    answers = await business.answers(2)
    assert "new conversation" in answers[1].text.lower()


async def test_what_is_deleted_leaves_the_transcript(business: Business) -> None:
    business.model.queue(Says(["Noted."]))
    said = await business.says("My number is 4711")
    await business.answers()
    await business.brings(business.phone.revokes(said.id))
    transcript = await business.transcript()
    deadline = time.monotonic() + 20
    while b"4711" in transcript.read_bytes():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.2)


async def test_killed_between_the_200_and_the_answer_it_answers_at_the_next_start(business: Business) -> None:
    await business.says("Hello")
    await asyncio.to_thread(business.bot.kill)
    assert business.ada.received == []
    await asyncio.to_thread(business.bot.start)
    await business.answers()
    await asyncio.sleep(0.5)
    assert len(business.ada.received) == 1


async def test_who_is_forgotten_is_told_so_and_their_number_is_gone(business: Business) -> None:
    await business.says("My boat is called Aurora")
    await business.answers()
    await business.says("/forget-me confirm")
    answers = await business.answers(2)
    assert "forgotten" in answers[-1].text.lower() or "forget" in answers[-1].text.lower()
    deadline = time.monotonic() + 20
    while any(business.ada.phone.encode() in each.read_bytes() for each in business.bot.folder.rglob("echo.db*")):
        assert time.monotonic() < deadline, "the number is still in the database"
        await asyncio.sleep(0.5)


async def test_check_asks_meta_for_the_number(business: Business) -> None:
    told = await asyncio.to_thread(_checked, business.bot)
    assert "The token may use +1 555-078-3881 (Lucky Shrub)." in told
    assert re.search(r"ok +whatsapp +The app gets the account's webhooks", told)


def _checked(bot: ApiServer) -> str:
    return Program(bot.folder, **bot.environment).run("check").stdout
