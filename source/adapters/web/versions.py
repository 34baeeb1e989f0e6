"""Versions against lost updates: ETag, If-Match, If-None-Match (RFC 9110, 13.1)."""

import re
from typing import Annotated, Final

from fastapi import Depends, Header, Request, Response

from source.adapters.web.problems import Problem

# A proxy that compresses turns "7" into W/"7"; a number of a version says the same either way.
_ETAG: Final = re.compile(r'(?:W/)?"(\d{1,15})"')


def etag_of(version: int) -> str:
    """Return the ETag of a version."""
    return f'"{version}"'


def expected_version(request: Request) -> int | None:
    """Return the version that If-Match asks for; None when any will do.

    Raises: Problem: 400, it is not an ETag of Echo's.
    """
    given = request.headers.get("if-match")
    if given is None or given.strip() == "*":
        return None
    found = _ETAG.fullmatch(given.strip())
    if found is None:
        raise Problem(400, 'If-Match must be the ETag of one version, such as "7", or `*`.')
    return int(found.group(1))


async def _expected_version(
    request: Request,
    _if_match: Annotated[
        str | None,
        Header(alias="If-Match", description='Change this version only, such as `"7"`; else 412.', examples=['"7"']),
    ] = None,
) -> int | None:
    return expected_version(request)


ExpectedVersion = Annotated[int | None, Depends(_expected_version)]
"""A parameter of a route: the version in If-Match, which the API's description then lists."""


def ensure_version(current: int, expected: int | None) -> None:
    """Raises: Problem: 412, the caller has seen another version."""
    if expected is not None and expected != current:
        raise Problem(412, f"It is at version {current} now: read it again and decide anew.")


def not_modified(request: Request, etag: str) -> Response | None:
    """Return the answer 304 when the caller has this version already."""
    given = request.headers.get("if-none-match")
    if given is None:
        return None
    known = {each.strip().removeprefix("W/") for each in given.split(",")}
    if etag.removeprefix("W/") in known or "*" in known:
        return Response(status_code=304, headers={"ETag": etag})
    return None
