"""Forgetting people, handing over what is kept of them, the audit log, and how long things are kept."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from source.adapters.web.access import Caller, Scope, requires
from source.adapters.web.bodies import TaskAnswer
from source.adapters.web.documented import Responses, problems
from source.adapters.web.handing_in import handed_in
from source.adapters.web.pages import STORABLE, Body, Identifier, Shown
from source.adapters.web.problems import Problem
from source.adapters.web.record_requests import Key
from source.domain.errors import RefusedInputError
from source.domain.privacy import Receipt, ReceiptState
from source.domain.record_field import LARGEST_NUMBER
from source.domain.retention import RetentionRule
from source.domain.task import NewTask, TaskType
from source.domain.thread import Platform
from source.ports.privacy import Who
from source.ports.tasks import TaskQueue
from source.services.audit import AuditLog, RetentionRules
from source.services.forget_desk import ForgetDesk
from source.services.my_data import MyData
from source.services.retention_view import RetentionSettings

_Reading = Annotated[Caller, requires(Scope.READ)]
_Writing = Annotated[Caller, requires(Scope.WRITE)]
_Tasking = Annotated[Caller, requires(Scope.TASKS)]
_Name = Annotated[str, Field(min_length=1, max_length=200, pattern=STORABLE)]
_Days = Annotated[int, Field(strict=True, ge=0, le=36_500, description="0: for ever.", examples=[30])]
_FILE: Final[Responses] = {
    200: {
        "description": "Everything that is kept about the person, zipped when it is large.",
        "content": {
            "application/json": {"schema": {"type": "object"}},
            "application/zip": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


class ReceiptShown(Shown):
    """What was removed, by kind; not of whom."""

    id: int = Field(examples=[6821946150912032])
    state: ReceiptState
    counts: dict[str, int] = Field(examples=[{"messages": 12, "replies": 11, "conversations": 2}])
    requested_by: str = Field(description="The kind of asker.", examples=["person"])
    requested_at: datetime
    finished_at: datetime | None
    task_id: int | None


class ForgettingTaken(TaskAnswer):
    """Forgetting was taken on."""

    receipt_id: int = Field(examples=[6821946150912033])


class AuditShown(Shown):
    """That something was done."""

    id: int = Field(examples=[6821946150912034])
    at: datetime
    action: str = Field(examples=["forget"])
    asked_by: str = Field(description="The kind of asker.", examples=["person"])
    receipt_id: int | None
    counts: dict[str, int] = Field(examples=[{"messages": 12}])


class AuditPage(Shown):
    """Lines of the audit log; `next` is `before` for the older ones, null at the end."""

    entries: list[AuditShown]
    next: int | None


class RuleBody(Body):
    """How long what a person said, or what was said in a place, is kept."""

    platform: Platform | None = None
    guild_id: _Name | None = None
    thread_id: _Name | None = None
    person_id: Identifier | None = None
    message_days: _Days | None = None
    summary_days: _Days | None = None


class RuleShown(RuleBody):
    """A rule that is kept."""

    id: int = Field(examples=[6821946150912035])


class RetentionShown(Shown):
    """What is kept how long."""

    message_days: int = Field(description="Where no rule says otherwise.", examples=[90])
    summary_days: int = Field(examples=[730])
    is_enabled: bool = Field(description="Whether it is applied every day.")
    rules: list[RuleShown]


class RetentionRun(Body):
    """Whether only to count."""

    dry_run: Annotated[bool, Field(strict=True)] = False


_FOR_GOOD: Final = RetentionRun()


@dataclass(frozen=True, slots=True)
class PrivacyParts:
    """What the routes need."""

    desk: ForgetDesk
    my_data: MyData
    audit: AuditLog
    rules: RetentionRules
    queue: TaskQueue
    settings: RetentionSettings
    retention_is_enabled: bool


def router(parts: PrivacyParts) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix="/api", tags=["privacy"])
    _about_people(routes, parts)
    _about_retention(routes, parts)
    return routes


def _about_people(routes: APIRouter, parts: PrivacyParts) -> None:
    async def person_of(person_id: int) -> Who:
        who = await parts.desk.who(person_id)
        if who is None:
            raise Problem(404, f"There is no person {person_id}.")
        return who

    @routes.get("/people/{id:int}/data", operation_id="getDataOfPerson", responses={**problems(404), **_FILE})
    async def data(id: Key, caller: _Reading) -> Response:  # noqa: A002  # its name in the path
        """Hand over everything that is kept about a person, without what others said."""
        file = await parts.my_data.file_of(await person_of(id), asked_by=caller.requested_by)
        named = {"Content-Disposition": f'attachment; filename="{file.name}"'}
        return Response(file.content, media_type=file.media_type, headers=named)

    @routes.delete("/people/{id:int}", operation_id="forgetPerson", status_code=202, responses=problems(404, 409))
    async def forget(id: Key, response: Response, caller: _Writing) -> ForgettingTaken:  # noqa: A002
        """Forget a person with all their accounts, everywhere; asked again while it is under way, that goes on."""
        receipt = await parts.desk.ask(await person_of(id), None, requested_by=caller.requested_by)
        response.headers["Location"] = f"/api/privacy/receipts/{receipt.receipt_id}"
        return ForgettingTaken(task_id=receipt.task_id or 0, receipt_id=receipt.receipt_id)

    @routes.get("/privacy/receipts/{id:int}", operation_id="getReceipt", responses=problems(404))
    async def receipt_of(id: Key, _: _Reading) -> ReceiptShown:  # noqa: A002
        """Read what was removed when somebody was forgotten."""
        try:
            return _receipt_shown(await parts.desk.receipt(id))
        except RefusedInputError as error:
            raise Problem(404, str(error)) from error

    @routes.get("/audit", operation_id="listAudit", responses=problems())
    async def audit(
        _: _Reading,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        before: Annotated[int | None, Query(ge=1, le=LARGEST_NUMBER)] = None,
    ) -> AuditPage:
        """List what was done to people's data, the latest first."""
        found = await parts.audit.entries(limit=limit + 1, before=before)
        page = found[:limit]
        entries = [
            AuditShown(
                id=each.entry_id,
                at=each.at,
                action=each.action,
                asked_by=each.asked_by,
                receipt_id=each.receipt_id,
                counts=dict(each.counts),
            )
            for each in page
        ]
        return AuditPage(entries=entries, next=page[-1].entry_id if len(found) > limit else None)


def _about_retention(routes: APIRouter, parts: PrivacyParts) -> None:
    @routes.get("/privacy/retention", operation_id="getRetention", responses=problems())
    async def retention(_: _Reading) -> RetentionShown:
        """Read how long things are kept."""
        return RetentionShown(
            message_days=parts.settings.message_days,
            summary_days=parts.settings.summary_days,
            is_enabled=parts.retention_is_enabled,
            rules=[_rule_shown(rule) for rule in await parts.rules.listed()],
        )

    @routes.put("/privacy/retention/rules", operation_id="putRetentionRule", responses=problems(400))
    async def put_rule(body: RuleBody, caller: _Writing) -> RuleShown:
        """Keep a rule for a person or a place, instead of the one for the same that was there."""
        rule = RetentionRule(0, **dict(body))
        return _rule_shown(await parts.rules.put(rule, asked_by=caller.requested_by))

    @routes.delete(
        "/privacy/retention/rules/{id:int}",
        operation_id="removeRetentionRule",
        status_code=204,
        responses=problems(404),
    )
    async def remove_rule(id: Key, caller: _Writing) -> Response:  # noqa: A002
        """Remove a rule; what the next wider one says holds then."""
        if not await parts.rules.remove(id, asked_by=caller.requested_by):
            raise Problem(404, f"There is no rule {id}.")
        return Response(status_code=204)

    @routes.post("/privacy/retention/run", operation_id="runRetention", status_code=202, responses=problems(400))
    async def run(request: Request, response: Response, caller: _Tasking, body: RetentionRun = _FOR_GOOD) -> TaskAnswer:
        """Remove what has been kept for long enough, or only count it: the task's output_data says by place."""
        new = NewTask(TaskType.APPLY_RETENTION, {"dry_run": body.dry_run}, caller.requested_by)
        return await handed_in(parts.queue, new, request, response)


def _receipt_shown(receipt: Receipt) -> ReceiptShown:
    return ReceiptShown(
        id=receipt.receipt_id,
        state=receipt.state,
        counts=dict(receipt.counts),
        requested_by=receipt.requested_by,
        requested_at=receipt.requested_at,
        finished_at=receipt.finished_at,
        task_id=receipt.task_id,
    )


def _rule_shown(rule: RetentionRule) -> RuleShown:
    return RuleShown(
        id=rule.rule_id,
        platform=rule.platform,
        guild_id=rule.guild_id,
        thread_id=rule.thread_id,
        person_id=rule.person_id,
        message_days=rule.message_days,
        summary_days=rule.summary_days,
    )
