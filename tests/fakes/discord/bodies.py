"""Reading what a request carries."""

from __future__ import annotations

import json
import re
from urllib.parse import unquote

from aiohttp import BodyPartReader, web

from tests.fakes.discord.call import Call, Upload

_PREFIX = re.compile(r"^/api(/v\d+)?")


async def read_body(request: web.Request, at: float) -> tuple[Call, bool]:
    """The request as a call, and whether its body could be read as JSON."""
    path = unquote(_PREFIX.sub("", request.rel_url.raw_path))
    call = Call(request.method, path, dict(request.query), dict(request.headers), None, at)
    if request.content_type == "multipart/form-data":
        return call, await _read_parts(request, call)
    raw = await request.read()
    try:
        call.body = json.loads(raw) if raw else None
    except ValueError:
        return call, False
    return call, True


async def _read_parts(request: web.Request, call: Call) -> bool:
    call.parts = {}
    is_json = True
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader)
        name, content = part.name or "", bytes(await part.read())
        call.parts[name] = part.filename
        if name != "payload_json":
            call.uploads[name] = Upload(part.filename or name, content, part.headers.get("Content-Type"))
            continue
        try:
            call.body = json.loads(content)
        except ValueError:
            is_json = False
    return is_json
