"""Many records at once, over HTTP."""

from typing import Annotated, Final

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel

from source.adapters.web.access import Scope, requires
from source.adapters.web.documented import problems
from source.adapters.web.record_answers import BulkAnswer, bulk_answer
from source.adapters.web.record_models import (
    RecordModels,
    bulk_changes_model,
    bulk_new_model,
    selection_model,
    values_in,
)
from source.adapters.web.record_requests import Selection, SelectionQuery, filter_parameter, selected
from source.domain.records import USER_SUMMARIES, Collection
from source.services.records import RecordService

_WRITING: Final = [requires(Scope.WRITE)]
_Partial = Annotated[bool, Query(description="Whether to write the rest when something is refused.")]


def add_bulks(routes: APIRouter, service: RecordService, collection: Collection, models: RecordModels) -> None:
    """Add the routes that make, change and delete many records."""
    name = collection.name
    new, changes = bulk_new_model(name), bulk_changes_model(name)
    path, found = f"/{name}/bulk", problems(400, 404, 409)

    @routes.post(
        path,
        operation_id=f"create{models.plural}",
        response_model=BulkAnswer,
        responses=found,
        dependencies=_WRITING,
    )
    async def create_records(body: Annotated[new, Body()]) -> BaseModel:  # type: ignore[valid-type]  # made of fields
        """Make many records: all or, without `partial`, none."""
        asked = values_in(body)
        partial = bool(asked.get("partial"))
        outcomes = await service.create(name, asked["records"], partial=partial)
        return bulk_answer(collection, outcomes, 201, partial=partial)

    @routes.patch(
        path,
        operation_id=f"change{models.plural}",
        response_model=BulkAnswer,
        responses=found,
        dependencies=_WRITING,
    )
    async def change_records(body: Annotated[changes, Body()]) -> BaseModel:  # type: ignore[valid-type]  # as above
        """Change many records alike: all or, without `partial`, none."""
        asked = values_in(body)
        partial = bool(asked.get("partial"))
        keys = await _keys(service, name, selected(asked.get("ids"), asked.get("filter")))
        outcomes = await service.change(name, keys, asked["changes"], partial=partial)
        return bulk_answer(collection, outcomes, 200, partial=partial)

    @routes.delete(
        path,
        operation_id=f"delete{models.plural}",
        response_model=BulkAnswer,
        responses=found,
        dependencies=_WRITING,
        openapi_extra={"parameters": [filter_parameter(models.filter.__name__)]},
    )
    async def delete_records(selection: SelectionQuery, partial: _Partial = False) -> BaseModel:
        """Delete many records for good: all or, without `partial`, none."""
        outcomes = await service.delete(name, await _keys(service, name, selection), partial=partial)
        return bulk_answer(collection, outcomes, 204, partial=partial)


def add_recount(routes: APIRouter, service: RecordService) -> None:
    """Add the route that counts what user summaries say."""
    name = USER_SUMMARIES.name
    selection = selection_model(name)

    @routes.post(
        f"/{name}/recount",
        operation_id="recountUserSummaries",
        response_model=BulkAnswer,
        responses=problems(400),
        dependencies=_WRITING,
    )
    async def recount(body: Annotated[selection, Body()]) -> BaseModel:  # type: ignore[valid-type]  # made of fields
        """Count anew what summaries say of conversations, messages, intents and times."""
        asked = values_in(body)
        keys = await _keys(service, name, selected(asked.get("ids"), asked.get("filter")))
        return bulk_answer(USER_SUMMARIES, await service.recount(keys), 200, partial=True)


async def _keys(service: RecordService, name: str, selection: Selection) -> list[int]:
    if selection.ids is not None:
        return list(selection.ids)
    return list(await service.keys(name, filter=selection.filter))
