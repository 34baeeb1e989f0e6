"""What stands before the routes: every error has an answer, no body is too large."""

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from source.adapters.web.problems import REQUEST_ID, Problem, problem_of


class Guard:
    """Answers whatever is raised further in, and refuses bodies over `max_body_bytes`."""

    def __init__(self, app: ASGIApp, *, max_body_bytes: int) -> None:
        self._app = app
        self._most = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        has_begun = False

        async def send_on(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, self._bounded(scope, receive), send_on)
        except Exception as error:  # noqa: BLE001  (the edge of a request: whatever it is, the caller gets an answer)
            problem = problem_of(error, scope)
            if not has_begun:  # else the server cuts the connection: half an answer must not seem a whole one
                await problem.response(scope.get(REQUEST_ID, ""))(scope, receive, send)

    def _bounded(self, scope: Scope, receive: Receive) -> Receive:
        if _announced_bytes(scope) > self._most:
            raise self._too_large()
        received = 0

        async def receive_on() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._most:
                raise self._too_large()
            return message

        return receive_on

    def _too_large(self) -> Problem:
        return Problem(413, f"A body has at most {self._most} bytes.", headers=_CLOSE)


_CLOSE: Final = {"Connection": "close"}


def _announced_bytes(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0
