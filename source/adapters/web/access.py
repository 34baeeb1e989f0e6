"""Who is calling, and what a route asks of them."""

from dataclasses import dataclass
from typing import Final

from fastapi import Request, params
from fastapi.openapi.models import HTTPBearer as BearerModel
from fastapi.security.base import SecurityBase

from source.adapters.web.problems import Problem
from source.domain.api_key import Scope, allows

__all__ = ["Caller", "Scope", "caller_of", "requires"]

CALLER: Final = "echo.caller"
REFUSAL: Final = "echo.refusal"
CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="Echo"'}
_NO_KEY: Final = "Send an API key as `Authorization: Bearer …` or `X-API-Key: …`."


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: the name of a key, or `local` for whoever sits at this machine (`is_local`).

    `is_command_line`: it is `python bot.py` beside the running Echo.
    """

    name: str
    scopes: frozenset[Scope]
    is_local: bool = False
    is_command_line: bool = False

    @property
    def requested_by(self) -> str:
        """Who that is in a task."""
        return "cli" if self.is_command_line else f"api:{self.name}"

    def allows(self, scope: Scope) -> bool:
        return allows(self.scopes, scope)


def caller_of(request: Request) -> Caller | None:
    """Return who calls; None: somebody without a key."""
    caller: Caller | None = request.scope.get(CALLER)
    return caller


class _Required(SecurityBase):
    """A dependency that lets callers with a scope in."""

    def __init__(self, scope: Scope) -> None:
        self.model = BearerModel(description="A key made with `python bot.py keys create NAME --scope SCOPE`.")
        self.scheme_name = "bearer"
        self._scope = scope

    async def __call__(self, request: Request) -> Caller:
        caller = caller_of(request)
        if caller is None:
            raise request.scope.get(REFUSAL) or Problem(401, _NO_KEY, headers=CHALLENGE)
        if not caller.allows(self._scope):
            raise Problem(403, f"This key lacks the scope `{self._scope}`; make one that has it with `keys create`.")
        return caller


def requires(scope: Scope) -> params.Security:
    """Return a dependency that lets only callers with `scope` in.

    As a parameter of a route: `caller: Annotated[Caller, requires(Scope.READ)]`.
    """
    return params.Security(_Required(scope), scopes=[scope.value])
