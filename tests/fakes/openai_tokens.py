"""How the fake OpenAI server counts tokens and caches prompts."""

import hashlib
import json

Body = dict[str, object]

BYTES_PER_TOKEN = 4
# OpenAI: prompts from 1,024 tokens are cached, in steps of 128.
CACHE_FROM_TOKENS = 1024
CACHE_STEP_TOKENS = 128


def token_count(size_bytes: int) -> int:
    return -(-size_bytes // BYTES_PER_TOKEN)


def prompt_bytes(body: Body) -> bytes:
    """Everything the model reads, in the order in which it reads it: tools come before messages."""
    parts = [_compact(body[key]) for key in ("tools", "response_format") if key in body]
    messages = body["messages"]
    assert isinstance(messages, list)
    for message in messages:
        calls = _compact(message["tool_calls"]) if message.get("tool_calls") else ""
        parts.append(f"{message['role']}\n{text_of(message.get('content'))}{calls}")
    return "\n".join(parts).encode()


def text_of(content: object) -> str:
    """The text of a message's content, which is a string or a list of parts."""
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class PromptCache:
    """Knows the prefixes of all earlier prompts by the hash of each step; it never forgets one."""

    def __init__(self) -> None:
        self._seen: set[bytes] = set()

    def read_and_keep(self, model: str, prompt: bytes) -> int:
        """Return how many tokens at the start of `prompt` an earlier prompt had too, then keep this one."""
        step = CACHE_STEP_TOKENS * BYTES_PER_TOKEN
        digest = hashlib.blake2b(model.encode() + b"\0", digest_size=16)
        cached, unbroken = 0, True
        for end in range(step, len(prompt) + 1, step):
            digest.update(prompt[end - step : end])
            if end < CACHE_FROM_TOKENS * BYTES_PER_TOKEN:
                continue
            prefix = digest.digest()
            unbroken = unbroken and prefix in self._seen
            cached = end // BYTES_PER_TOKEN if unbroken else cached
            self._seen.add(prefix)
        return cached
