"""What becomes of a message of the business, as Meta tells it."""

from datetime import datetime

from tests.fakes.graph_errors import Json, Problem
from tests.fakes.graph_items import Item
from tests.fakes.graph_people import named
from tests.fakes.graph_sending import Sent

SENT = "sent"
DELIVERED = "delivered"
READ = "read"
FAILED = "failed"


def status_item(sent: Sent, name: str, at: datetime, failure: Problem | None = None) -> Item:
    """One status of a message; without a `failure` of its own a failed one has that of the message.

    Meta: no `contacts` for a failed one, no username for `sent`; `recipient_id` for what went to a phone number or
    where the number is shown; `recipient_user_id` always, but not for what failed on its way to a phone number.
    """
    person, failed = sent.person, name == FAILED
    phone = person.phone if sent.to_phone else person.wa_id
    user_id = None if failed and sent.to_phone else person.user_id
    status: Json = {"id": sent.id, "status": name, "timestamp": str(int(at.timestamp()))}
    status |= named(recipient_id=phone, recipient_user_id=user_id)
    if user_id:
        status |= named(recipient_parent_user_id=person.parent_user_id)
    status |= named(biz_opaque_callback_data=sent.tracker)
    if failed:
        problem = failure or sent.failure
        return Item("statuses", status | ({"errors": [problem.in_webhook()]} if problem else {}))
    status["pricing"] = _pricing(sent)
    return Item("statuses", status, person.as_contact(with_username=name != SENT))


def expected_statuses(sent: Sent, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Those of `wanted` that this message gets; Meta tells of a reaction only that it was sent."""
    if sent.failure is not None:
        return (FAILED,)
    return tuple(name for name in wanted if sent.kind != "reaction" or name == SENT)


def _pricing(sent: Sent) -> Json:
    is_template = sent.kind == "template"
    return {
        "billable": is_template,
        "pricing_model": "PMP",
        "type": "regular" if is_template else "free_customer_service",
        "category": "utility" if is_template else "service",
    }
