"""The client of one OpenAI-compatible server, which is kept for as long as the process runs.

The openai package takes a second to load: whoever calls a server imports this when it is needed.
"""

from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx2
import openai

from source.adapters.llm.openai_errors import VENDOR_ERRORS, Asked, translated
from source.domain.errors import ModelRefusedError

# The package wants some key; servers without keys ignore it.
_NO_KEY = "none"
# People take longer between two messages than the package's 5 seconds, and a new connection delays the first word.
_LIMITS = httpx2.Limits(max_connections=1_000, max_keepalive_connections=100, keepalive_expiry=60)


def made_client(base_url: str, api_key: str | None, timeout: httpx2.Timeout, asked: Asked) -> openai.AsyncOpenAI:
    """Return a client that tries everything once.

    Raises: ModelRefusedError: the address or the key cannot be one.
    """
    if not _is_address(base_url):
        raise ModelRefusedError(f"{asked.settings}_BASE_URL is not an address such as http://127.0.0.1:11434/v1")
    if not _is_key(api_key or _NO_KEY):
        raise ModelRefusedError(f"{asked.settings}_API_KEY has characters that no key has: copy it again")
    try:
        return openai.AsyncOpenAI(
            api_key=api_key or _NO_KEY,
            base_url=base_url,
            max_retries=0,
            timeout=timeout,
            # The package's own choice of transport takes twice the time for pieces that arrive one by one.
            # A proxy of the environment has no way to a server on this machine.
            http_client=openai.DefaultAioHttpClient(
                timeout=timeout, limits=_LIMITS, trust_env=not _is_loopback(base_url)
            ),
        )
    except VENDOR_ERRORS as error:
        raise translated(error, asked) from error


def _is_address(base_url: str) -> bool:
    try:
        parts = urlsplit(base_url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _is_key(key: str) -> bool:
    """A header cannot carry anything else, and an error of the transport would quote it."""
    return key.isascii() and key.isprintable()


def _is_loopback(base_url: str) -> bool:
    host = urlsplit(base_url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
