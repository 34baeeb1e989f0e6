"""Sessions, messages and user summaries: lists by filters, and what programs do with single records."""

from typing import Annotated, Final

from fastapi import APIRouter, Body, Request, Response
from pydantic import Field

from source.adapters.web.access import Scope, requires
from source.adapters.web.documented import Responses, problems
from source.adapters.web.pages import Shown
from source.adapters.web.problems import Problem
from source.adapters.web.record_answers import key_of
from source.adapters.web.record_bulks import add_bulks, add_recount
from source.adapters.web.record_json import json_response, plain, record_response
from source.adapters.web.record_models import RecordModels, models_of, query_model, values_in
from source.adapters.web.record_requests import (
    FilterQuery,
    Key,
    Listed,
    ListedQuery,
    filter_parameter,
    listed_in,
    order_parameter,
)
from source.adapters.web.versions import ExpectedVersion, etag_of, not_modified
from source.domain.filters import Record
from source.domain.records import COLLECTIONS, USER_SUMMARIES, Collection
from source.services.records import RecordService

_READING: Final = [requires(Scope.READ)]
_WRITING: Final = [requires(Scope.WRITE)]
_ETAG: Final = {"ETag": {"description": "The record's version.", "schema": {"type": "string"}}}


class CountShown(Shown):
    """How many records match."""

    count: int = Field(examples=[42])


def router(service: RecordService) -> APIRouter:
    """Return the routes of every collection."""
    routes = APIRouter(prefix="/api/records", tags=["records"])
    for collection in COLLECTIONS.values():
        models = models_of(collection.name)
        _add_lists(routes, service, collection, models)
        add_bulks(routes, service, collection, models)
        if collection is USER_SUMMARIES:
            add_recount(routes, service)
        _add_reading(routes, service, collection, models)
        _add_writing(routes, service, collection, models)
    return routes


def _add_lists(routes: APIRouter, service: RecordService, collection: Collection, models: RecordModels) -> None:
    by_filter = filter_parameter(models.filter.__name__)
    page: Responses = {200: {"model": models.page, "description": "A page of records."}}
    query = query_model(collection.name)
    all_of_it = query()

    async def listed(given: object, part: Listed) -> Response:
        found = await service.list(
            collection.name,
            filter=given,
            order_by=part.order_by,
            limit=part.limit,
            offset=part.offset,
            after=part.after,
        )
        return json_response({"records": [plain(collection, record) for record in found.records], "next": found.next})

    @routes.get(
        f"/{collection.name}",
        operation_id=f"list{models.plural}",
        responses={**problems(), **page},
        dependencies=_READING,
        openapi_extra={"parameters": [by_filter, order_parameter(collection)]},
    )
    async def list_records(given: FilterQuery, part: ListedQuery) -> Response:
        """List records that match, in order; deep pages are quickest with `after`."""
        return await listed(given, part)

    @routes.post(
        f"/{collection.name}/query",
        operation_id=f"query{models.plural}",
        responses={**problems(400), **page},
        dependencies=_READING,
    )
    async def query_records(
        body: Annotated[query, Body()] = all_of_it,  # type: ignore[valid-type]  # made of fields
    ) -> Response:
        """List records as GET does, by a filter that is too long for an address."""
        asked = values_in(body)
        return await listed(asked.get("filter"), listed_in(asked))

    @routes.get(
        f"/{collection.name}/count",
        operation_id=f"count{models.plural}",
        responses=problems(),
        dependencies=_READING,
        openapi_extra={"parameters": [by_filter]},
    )
    async def count_records(given: FilterQuery) -> CountShown:
        """Count the records that match."""
        return CountShown(count=await service.count(collection.name, filter=given))


def _add_reading(routes: APIRouter, service: RecordService, collection: Collection, models: RecordModels) -> None:
    shown: Responses = {200: {"model": models.shown, "headers": _ETAG}}

    async def record_of(key: int) -> Record:
        record = await service.read(collection.name, key)
        if record is None:
            raise Problem(404, f"There is no {collection.one} {key}.")
        return record

    @routes.get(
        f"/{collection.name}/{{id:int}}",
        operation_id=f"get{models.one}",
        responses={**problems(404), **shown, 304: {"description": "It is as the caller knows it."}},
        dependencies=_READING,
    )
    async def read_record(id: Key, request: Request) -> Response:  # noqa: A002  # its name in the path
        """Read a record."""
        answer = record_response(collection, await record_of(id))
        return not_modified(request, answer.headers["ETag"]) or answer

    @routes.head(
        f"/{collection.name}/{{id:int}}",
        operation_id=f"has{models.one}",
        responses={**problems(404), 200: {"description": "It is there.", "headers": _ETAG}},
        response_class=Response,
        dependencies=_READING,
    )
    async def has_record(id: Key) -> Response:  # noqa: A002  # its name in the path
        """Tell whether a record is there."""
        version = (await record_of(id))["version"]
        return Response(headers={"ETag": etag_of(int(str(version)))})


def _add_writing(routes: APIRouter, service: RecordService, collection: Collection, models: RecordModels) -> None:
    name, new, changes = collection.name, models.new, models.changes
    shown: Responses = {200: {"model": models.shown, "headers": _ETAG}}
    made: Responses = {201: {"model": models.shown, "headers": _ETAG}}

    async def answer(key: int, status: int) -> Response:
        record = await service.read(name, key)
        if record is None:
            raise Problem(404, f"{collection.one.capitalize()} {key} was written, and deleted by somebody else since.")
        return record_response(collection, record, status)

    @routes.post(
        f"/{name}",
        operation_id=f"create{models.one}",
        status_code=201,
        responses={**problems(400, 404, 409), **made},
        dependencies=_WRITING,
    )
    async def create_record(body: Annotated[new, Body()]) -> Response:  # type: ignore[valid-type]  # made of fields
        """Make a record."""
        (written,) = await service.create(name, [values_in(body)])
        return await answer(key_of(written), 201)

    @routes.patch(
        f"/{name}/{{id:int}}",
        operation_id=f"change{models.one}",
        responses={**problems(400, 404, 409, 412), **shown},
        dependencies=_WRITING,
    )
    async def change_record(
        id: Key,  # noqa: A002  # its name in the path
        body: Annotated[changes, Body()],  # type: ignore[valid-type]  # made of fields
        version: ExpectedVersion,
    ) -> Response:
        """Change fields of a record; the others stay."""
        (written,) = await service.change(name, [id], values_in(body), version=version)
        return await answer(key_of(written, expects_version=version is not None), 200)

    @routes.delete(
        f"/{name}/{{id:int}}",
        operation_id=f"delete{models.one}",
        status_code=204,
        responses=problems(400, 404, 409, 412),
        dependencies=_WRITING,
    )
    async def delete_record(id: Key, version: ExpectedVersion) -> Response:  # noqa: A002  # its name in the path
        """Delete a record for good."""
        (written,) = await service.delete(name, [id], version=version)
        key_of(written, expects_version=version is not None)
        return Response(status_code=204)
