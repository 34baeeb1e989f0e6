"""Finds a model server on this machine."""

import asyncio
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import SplitResult, urlsplit

# The usual ports of Ollama, LM Studio and llama.cpp.
LOCAL_SERVER_URLS = ("http://127.0.0.1:11434/v1", "http://127.0.0.1:1234/v1", "http://127.0.0.1:8080/v1")
PROBE_TIMEOUT = timedelta(seconds=0.3)

_MOST_BYTES = 1 << 20
_NOT_FOR_CHAT = re.compile(
    r"embed|rerank|whisper|minilm|moderation|stable-diffusion|\b(?:bge|gte|e5|tts|clip|flux)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class LocalServer:
    """An OpenAI-compatible server, and the model of it to talk with."""

    base_url: str
    model: str


async def find_local_server(
    urls: Sequence[str] = LOCAL_SERVER_URLS, timeout: timedelta = PROBE_TIMEOUT
) -> LocalServer | None:
    """Return the first of `urls` that has a chat model; all are asked at the same time, for `timeout` at most."""
    models = await asyncio.gather(*(_chat_model(url, timeout) for url in urls))
    return next((LocalServer(url, model) for url, model in zip(urls, models, strict=True) if model), None)


async def _chat_model(url: str, timeout: timedelta) -> str | None:
    """The first model of a server that can chat; None when there is no such server."""
    try:
        async with asyncio.timeout(timeout.total_seconds()):
            body = await _get(urlsplit(f"{url.rstrip('/')}/models"))
        names = _model_names(json.loads(body))
    except (OSError, ValueError):
        return None
    return next((name for name in names if not _NOT_FOR_CHAT.search(name)), None)


async def _get(url: SplitResult) -> bytes:
    """GET by HTTP/1.0, which spares the import of a client for ports that are closed nearly always.

    Raises: OSError, ValueError.
    """
    reader, writer = await asyncio.open_connection(url.hostname, url.port or 80, limit=_MOST_BYTES)
    try:
        writer.write(f"GET {url.path} HTTP/1.0\r\nHost: {url.netloc}\r\nAccept: application/json\r\n\r\n".encode())
        status = await reader.readline()
        if b" 200 " not in status:
            raise ValueError("not a model list")
        while await reader.readline() not in {b"\r\n", b"\n", b""}:
            pass
        return await _rest(reader)
    finally:
        writer.close()


async def _rest(reader: asyncio.StreamReader) -> bytes:
    """Everything up to the end of the connection, bounded."""
    body = bytearray()
    while len(body) < _MOST_BYTES and (piece := await reader.read(_MOST_BYTES)):
        body += piece
    return bytes(body)


def _model_names(answer: object) -> list[str]:
    models = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(models, list):
        return []
    names = [model.get("id") for model in models if isinstance(model, dict)]
    return [name for name in names if isinstance(name, str) and name]
