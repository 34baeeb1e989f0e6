"""What goes on, and what one person's sessions were."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final, Protocol

from fastapi import APIRouter, Path, Response
from pydantic import ConfigDict, Field

from source.adapters.web.access import Caller, Scope, requires
from source.adapters.web.documented import problems
from source.adapters.web.pages import Name, Shown
from source.adapters.web.problems import Problem
from source.adapters.web.record_json import json_response, plain
from source.adapters.web.record_models import models_of
from source.domain.records import SESSIONS
from source.services.operations_statistics import Analytics
from source.services.records import RecordPage

_Reading = Annotated[Caller, requires(Scope.READ)]
_UserId = Annotated[Name, Path(description="A person, as their platform names them.", examples=["6591234567"])]
_MOST_SESSIONS: Final = 50
_SESSION: Final = models_of(SESSIONS.name).shown


class _Figures(Shown):
    model_config = ConfigDict(frozen=True, from_attributes=True)


class TokensShown(_Figures):
    """What model calls took; `cost_usd` is null where no call had a price."""

    calls: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost_usd: float | None


class DayShown(_Figures):
    """One day."""

    day: date
    sessions: int
    messages: int


class AnalyticsShown(_Figures):
    """What goes on, today and in the last `days`, in the operator's time zone.

    What is counted `by_…` are the sessions that began in these days. It is at most a few seconds old.
    """

    sessions_today: int = Field(examples=[12])
    messages_today: int = Field(examples=[148])
    active_people_today: int = Field(examples=[9])
    open_unanswered: int = Field(description="Messages that wait for their answer.", examples=[0])
    time_zone: str = Field(examples=["Europe/Berlin"])
    days: int = Field(examples=[30])
    sessions: int
    messages: int
    average_messages_per_session: float
    average_session_minutes: float
    by_platform: Mapping[str, int] = Field(examples=[{"whatsapp": 210, "web": 14}])
    by_language: Mapping[str, int] = Field(examples=[{"en": 180, "unknown": 44}])
    by_intent: Mapping[str, int] = Field(examples=[{"order_placement": 61}])
    by_sentiment: Mapping[str, int] = Field(examples=[{"positive": 90, "neutral": 120}])
    by_category: Mapping[str, int] = Field(examples=[{"inquiry": 77}])
    per_day: Sequence[DayShown]
    tokens_today: TokensShown
    tokens: TokensShown
    tokens_by_model: Mapping[str, TokensShown]
    feedback_up: int
    feedback_down: int


class Statistics(Protocol):
    """What is needed of the `OperationsStatistics`."""

    async def analytics(self) -> Analytics:
        """As in `OperationsStatistics`."""
        ...


class Lists(Protocol):
    """What is needed of the `RecordLists`."""

    async def list(
        self,
        collection: str,
        *,
        filter: object = None,  # noqa: A002  (the seeds' word)
        order_by: Sequence[str] = (),
        limit: int = 50,
    ) -> RecordPage:
        """As in `RecordLists`."""
        ...


@dataclass(frozen=True, slots=True)
class AnalyticsParts:
    """What analytics over HTTP need."""

    statistics: Statistics
    records: Lists


def router(parts: AnalyticsParts) -> APIRouter:
    """Return the routes of analytics."""
    routes = APIRouter(prefix="/api", tags=["statistics"])

    @routes.get("/analytics/conversations", operation_id="getConversationAnalytics", responses=problems())
    async def analytics(_: _Reading) -> AnalyticsShown:
        """Tell what goes on, for dashboards."""
        return AnalyticsShown.model_validate(await parts.statistics.analytics())

    @routes.get(
        "/user/{user_id}/history",
        operation_id="getUserHistory",
        response_model=list[_SESSION],  # type: ignore[valid-type]  # made of fields
        responses=problems(404),
    )
    async def history(user_id: _UserId, _: _Reading) -> Response:
        """Return the latest sessions that a person began, at most 50, the newest first."""
        found = await parts.records.list(
            SESSIONS.name, filter={"user_id": user_id}, order_by=["-start_time"], limit=_MOST_SESSIONS
        )
        if not found.records:
            raise Problem(404, f"There is no session of {user_id}; `GET /api/people` lists who has spoken.")
        return json_response([plain(SESSIONS, record) for record in found.records])

    return routes
