"""Records as the JSON that the API answers with."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from fastapi import Response

from source.adapters.web.versions import etag_of
from source.domain.filters import Record
from source.domain.record_field import Kind
from source.domain.records import Collection


def plain(collection: Collection, record: Record) -> dict[str, object]:
    """Return the record as JSON has it."""
    return {name: _value(collection.fields[name].kind, value) for name, value in record.items()}


def _value(kind: Kind, value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"
    return str(value) if kind is Kind.KEY and value is not None else value


def json_response(
    content: Mapping[str, object] | Sequence[object], status: int = 200, *, headers: Mapping[str, str] | None = None
) -> Response:
    """Return what is made of plain values already; a model of each record would take longer than the query."""
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")
    return Response(body, status, headers=headers, media_type="application/json")


def record_response(collection: Collection, record: Record, status: int = 200) -> Response:
    """Return one record with its version."""
    version = record["version"]
    assert isinstance(version, int)  # noqa: S101  # its field says so
    return json_response(plain(collection, record), status, headers={"ETag": etag_of(version)})
