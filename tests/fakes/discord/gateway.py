"""The gateway: sessions, heartbeats, RESUME, and what a test does to them."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from aiohttp import WSCloseCode, WSMsgType, web

from tests.fakes.discord import handshake
from tests.fakes.discord.connection import Connection
from tests.fakes.discord.events import Event
from tests.fakes.discord.session import Session
from tests.fakes.discord.wire import Json

if TYPE_CHECKING:
    from tests.fakes.discord.world import World

# Discord's documentation, "Gateway Close Event Codes".
UNKNOWN_OP, DECODE_ERROR, NOT_AUTHENTICATED, RATE_LIMITED, TIMED_OUT = 4001, 4002, 4003, 4008, 4009
_ENDS_SESSION = (4004, 4007, 4009, 4010, 4011, 4012, 4013, 4014)
# Discord: 120 sends in 60 seconds, 4,096 bytes each.
_MOST_SENDS, _SENDS_WINDOW, _MOST_BYTES = 120, 60.0, 4096


class Gateway:
    """All connections of bots; `identifies` and `resumes` count how they came, `close_codes` how they went."""

    def __init__(self, *, token: str) -> None:
        self.token = token
        self.heartbeat_interval = timedelta(milliseconds=41_250)
        self.session_life = timedelta(minutes=3)
        self.sessions: dict[str, Session] = {}
        self.identifies = 0
        self.resumes = 0
        self.heartbeats = 0
        self.close_codes: list[int] = []
        self.url = ""
        self.is_offline = False
        self.world: World
        self._connections: set[Connection] = set()

    @property
    def connected(self) -> list[Session]:
        return [one for one in self.sessions.values() if one.is_connected]

    def tell(self, event: Event) -> None:
        for session in self.sessions.values():
            session.tell(event, self.world.bot.id)

    def disconnect(self, code: int = 4000) -> None:
        """Close every connection; the sessions can be resumed unless the code says otherwise."""
        if code in _ENDS_SESSION:
            self.sessions.clear()
        for connection in self._connections:
            connection.close(code)

    def drop_connections(self) -> None:
        """Cut every line without a word."""
        for connection in list(self._connections):
            connection.abort()

    def go_offline(self, *, forget: bool = False) -> None:
        """Cut every line and let nobody in; with `forget` nothing can be resumed afterwards."""
        self.is_offline = True
        if forget:
            self.sessions.clear()
        self.drop_connections()

    def go_online(self) -> None:
        self.is_offline = False

    def reconnect_op7(self) -> None:
        """Ask every client to come back."""
        self._send_all(7, None)

    def invalidate_session(self, *, resumable: bool) -> None:
        self._send_all(9, resumable)
        if not resumable:
            self.sessions.clear()

    def duplicate_last_event(self, name: str | None = None) -> None:
        """Deliver the last event, or the last of that name, once more."""
        for session in self.connected:
            session.repeat(name)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection to its end."""
        if self.is_offline:
            assert request.transport is not None
            request.transport.abort()
            raise web.HTTPServiceUnavailable
        connection = Connection(request)
        await connection.open()
        self._connections.add(connection)
        try:
            await _Conversation(self, connection, request.query.get("v", "")).run()
        finally:
            self._connections.discard(connection)
            await connection.finish()
        return connection.socket

    def note_heartbeat(self) -> None:
        self.heartbeats += 1
        self.world.note_change()

    def note_closed(self, session: Session | None, connection: Connection) -> None:
        """Keep the session of a lost line; forget it when its client left in peace."""
        code = connection.closed_with or connection.socket.close_code or WSCloseCode.ABNORMAL_CLOSURE
        self.close_codes.append(int(code))
        if session is not None:
            session.detach(connection)
            if connection.closed_with is None and code in (WSCloseCode.OK, WSCloseCode.GOING_AWAY):
                self.sessions.pop(session.id, None)
        self.world.note_change()

    def _send_all(self, op: int, data: object) -> None:
        for session in self.connected:
            assert session.connection is not None
            session.connection.send_op(op, data)


class _Conversation:
    """One connection from HELLO to its end."""

    def __init__(self, gateway: Gateway, connection: Connection, version: str) -> None:
        self._gateway = gateway
        self._connection = connection
        self._version = version
        self._session: Session | None = None
        self._last_beat = time.monotonic()
        self._sends: list[float] = []

    async def run(self) -> None:
        interval = self._gateway.heartbeat_interval
        self._connection.send_op(10, {"heartbeat_interval": int(interval.total_seconds() * 1000), "_trace": ["fake"]})
        try:
            await self._listen()
        finally:
            self._gateway.note_closed(self._session, self._connection)

    async def _listen(self) -> None:
        while True:
            try:
                received = await self._connection.socket.receive(timeout=self._seconds_to_beat())
            except TimeoutError:
                self._end(TIMED_OUT)
                continue
            if received.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                return
            self._take(received.data)

    def _seconds_to_beat(self) -> float:
        """How long the client may still stay silent."""
        patience = self._gateway.heartbeat_interval.total_seconds() * 2
        return max(0.05, self._last_beat + patience - time.monotonic())

    def _take(self, raw: str | bytes) -> None:
        now = time.monotonic()
        self._sends = [at for at in self._sends if at > now - _SENDS_WINDOW] + [now]
        if len(self._sends) > _MOST_SENDS:
            return self._end(RATE_LIMITED)
        if len(raw if isinstance(raw, bytes) else raw.encode()) > _MOST_BYTES:
            return self._end(DECODE_ERROR)
        try:
            payload = json.loads(raw)
            op, data = payload["op"], payload["d"]
        except (ValueError, KeyError, TypeError):
            return self._end(DECODE_ERROR)
        return self._obey(op, data)

    def _obey(self, op: int, data: Json) -> None:
        match op:
            case 1:
                self._last_beat = time.monotonic()
                self._connection.send_op(11)
                self._gateway.note_heartbeat()
            case 2:
                self._enter(handshake.identify(self._gateway, self._connection, self._session, data, self._version))
            case 6:
                self._enter(handshake.resume(self._gateway, self._connection, self._session, data))
            case 3 | 4 | 8 | 31 if self._session is None:
                self._end(NOT_AUTHENTICATED)
            case 8:
                assert self._session is not None
                handshake.send_members(self._gateway.world, self._session, data)
            case 3 | 4 | 31:
                pass
            case _:
                self._end(UNKNOWN_OP)

    def _enter(self, outcome: Session | int | None) -> None:
        if isinstance(outcome, Session):
            self._session = outcome
            self._gateway.world.note_change()
        elif outcome is not None:
            self._end(outcome)

    def _end(self, code: int) -> None:
        if self._session is not None and code in _ENDS_SESSION:
            self._gateway.sessions.pop(self._session.id, None)
        self._last_beat = time.monotonic() + 3600
        self._connection.close(code)
