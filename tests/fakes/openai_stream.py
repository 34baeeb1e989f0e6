"""A reply of the fake OpenAI server, as bytes."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass

from aiohttp import web

from tests.fakes.openai_script import Ending, Says, ScriptedCall
from tests.fakes.openai_tokens import Body

_HEAD = {"id": "chatcmpl-1", "created": 1700000000, "system_fingerprint": "fp_fake"}


@dataclass(frozen=True, slots=True)
class Usage:
    """What one request cost, in tokens."""

    input_tokens: int
    cached_tokens: int
    output_tokens: int

    def as_json(self) -> dict[str, object]:
        return {
            "prompt_tokens": self.input_tokens,
            "completion_tokens": self.output_tokens,
            "total_tokens": self.input_tokens + self.output_tokens,
            "prompt_tokens_details": {"cached_tokens": self.cached_tokens, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0},
        }


def completion_object(model: str, step: Says, usage: Usage) -> dict[str, object]:
    """The answer to a request without `stream`."""
    message: dict[str, object] = {"role": "assistant", "content": "".join(step.deltas) or None, "refusal": None}
    if step.calls:
        message["tool_calls"] = [_whole_call(call) for call in step.calls]
    choice = {"index": 0, "message": message, "finish_reason": _finish_reason(step), "logprobs": None}
    return {**_HEAD, "object": "chat.completion", "model": model, "choices": [choice], "usage": usage.as_json()}


def _whole_call(call: ScriptedCall) -> dict[str, object]:
    return {
        "id": call.call_id,
        "type": "function",
        "function": {"name": call.name, "arguments": "".join(call.arguments)},
    }


def _finish_reason(step: Says) -> str:
    return step.finish_reason or ("tool_calls" if step.calls else "stop")


class ReplyOnWire:
    """Streams one scripted reply as server-sent events."""

    def __init__(self, request: web.Request, body: Body, *, closing: asyncio.Event, delay: float) -> None:
        self._request = request
        self._model = str(body["model"])
        options = body.get("stream_options")
        self._with_usage = isinstance(options, dict) and bool(options.get("include_usage"))
        self._closing = closing
        self._delay = delay
        self._response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache"}
        )

    async def send(self, step: Says, usage: Usage) -> web.StreamResponse:
        await self._response.prepare(self._request)
        await self._write(self._chunk({"role": "assistant", "content": "", "refusal": None}))
        await self._send_deltas(step)
        if step.ending is Ending.CUT:
            return self._cut()
        if step.ending is Ending.HANG:
            await self._closing.wait()
            return self._response
        if step.ending is Ending.WHOLE:
            await self._write(self._chunk({}, finish_reason=_finish_reason(step)))
        if self._with_usage and step.reports_usage:
            await self._write(self._data({"choices": [], "usage": usage.as_json()}))
        if not step.sends_done:
            await self._closing.wait()
        await self._write(b"data: [DONE]\n\n")
        await self._response.write_eof()
        return self._response

    def _cut(self) -> web.StreamResponse:
        assert self._request.transport is not None
        self._request.transport.abort()
        return self._response

    async def _send_deltas(self, step: Says) -> None:
        """Without gate and delay all pieces leave at once, so that no time-out can fall between them."""
        pieces = [self._chunk(delta) for delta in _deltas(step)]
        before = step.gate_after if step.gate is not None else len(pieces)
        await self._write_all(pieces[:before])
        if step.gate is not None:
            await step.gate.wait()
            await self._write_all(pieces[before:])

    async def _write_all(self, pieces: list[bytes]) -> None:
        if not self._delay:
            await self._write(b"".join(pieces))
            return
        for piece in pieces:
            await asyncio.sleep(self._delay)
            await self._write(piece)

    async def _write(self, piece: bytes) -> None:
        if piece:
            await self._response.write(piece)

    def _chunk(self, delta: dict[str, object], *, finish_reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return self._data({"choices": [choice]} | ({"usage": None} if self._with_usage else {}))

    def _data(self, fields: dict[str, object]) -> bytes:
        chunk = {**_HEAD, "object": "chat.completion.chunk", "model": self._model, **fields}
        return f"data: {json.dumps(chunk, separators=(',', ':'))}\n\n".encode()


def _deltas(step: Says) -> Iterator[dict[str, object]]:
    for thought in step.thinking:
        yield {step.thinking_field: thought}
    for text in step.deltas:
        yield {"content": text}
    for call in step.calls:
        yield from _call_deltas(call)


def _call_deltas(call: ScriptedCall) -> Iterator[dict[str, object]]:
    place: dict[str, object] = {} if call.index is None else {"index": call.index}
    name = {"name": call.name, "arguments": ""}
    identity: dict[str, object] = {} if call.call_id is None else {"id": call.call_id}
    yield {"tool_calls": [{**place, **identity, "type": "function", "function": name}]}
    for piece in call.arguments:
        yield {"tool_calls": [{**place, "function": {"arguments": piece}}]}
