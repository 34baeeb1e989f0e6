"""Every error of the openai package and of the HTTP clients below it, as one of ours.

Texts say what the operator can do; what a server wrote is looked at, never passed on, because
servers quote requests and with them what people said.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from ssl import SSLCertVerificationError

import aiohttp
import httpx2
import openai
from openai import _exceptions as openai_exceptions
from openai import _response as openai_response

from source.adapters.llm.openai_request import ParameterRefusedError
from source.domain.errors import ContextTooLongError, ModelError, ModelRefusedError, ModelUnavailableError


class Kind(Enum):
    """What can be done about an error."""

    STATUS = auto()  # the status code tells
    SERVER_FAULT = auto()
    SLOW = auto()
    UNREACHABLE = auto()
    WRONG_ADDRESS = auto()
    FILTERED = auto()
    CUT_SHORT = auto()
    MISUSE = auto()


KINDS: dict[type[Exception], Kind] = {
    openai.APIStatusError: Kind.STATUS,
    openai.BadRequestError: Kind.STATUS,
    openai.AuthenticationError: Kind.STATUS,
    openai.OAuthError: Kind.STATUS,
    openai.PermissionDeniedError: Kind.STATUS,
    openai.NotFoundError: Kind.STATUS,
    openai.ConflictError: Kind.STATUS,
    openai.UnprocessableEntityError: Kind.STATUS,
    openai.RateLimitError: Kind.STATUS,
    openai.InternalServerError: Kind.STATUS,
    openai.APIError: Kind.SERVER_FAULT,
    openai.APIResponseValidationError: Kind.SERVER_FAULT,
    openai.APIConnectionError: Kind.UNREACHABLE,
    openai.APITimeoutError: Kind.SLOW,
    openai.ContentFilterFinishReasonError: Kind.FILTERED,
    openai.LengthFinishReasonError: Kind.CUT_SHORT,
    openai.OpenAIError: Kind.MISUSE,
    openai_exceptions.SubjectTokenProviderError: Kind.MISUSE,
    openai.InvalidWebhookSignatureError: Kind.MISUSE,
    openai.WebSocketConnectionClosedError: Kind.UNREACHABLE,
    openai.WebSocketQueueFullError: Kind.UNREACHABLE,
    openai_response.StreamAlreadyConsumed: Kind.SERVER_FAULT,
    openai_response.MissingStreamClassError: Kind.MISUSE,
    httpx2.HTTPError: Kind.UNREACHABLE,
    httpx2.RequestError: Kind.UNREACHABLE,
    httpx2.TransportError: Kind.UNREACHABLE,
    httpx2.NetworkError: Kind.UNREACHABLE,
    httpx2.ConnectError: Kind.UNREACHABLE,
    httpx2.ReadError: Kind.UNREACHABLE,
    httpx2.WriteError: Kind.UNREACHABLE,
    httpx2.CloseError: Kind.UNREACHABLE,
    httpx2.ProxyError: Kind.UNREACHABLE,
    httpx2.ProtocolError: Kind.SERVER_FAULT,
    httpx2.RemoteProtocolError: Kind.SERVER_FAULT,
    httpx2.SSEError: Kind.SERVER_FAULT,
    httpx2.DecodingError: Kind.SERVER_FAULT,
    httpx2.HTTPStatusError: Kind.SERVER_FAULT,
    httpx2.StreamError: Kind.SERVER_FAULT,
    httpx2.StreamConsumed: Kind.SERVER_FAULT,
    httpx2.StreamClosed: Kind.SERVER_FAULT,
    httpx2.ResponseNotRead: Kind.SERVER_FAULT,
    httpx2.RequestNotRead: Kind.SERVER_FAULT,
    httpx2.CookieConflict: Kind.SERVER_FAULT,
    httpx2.TimeoutException: Kind.SLOW,
    httpx2.ConnectTimeout: Kind.SLOW,
    httpx2.ReadTimeout: Kind.SLOW,
    httpx2.WriteTimeout: Kind.SLOW,
    httpx2.PoolTimeout: Kind.SLOW,
    httpx2.LocalProtocolError: Kind.MISUSE,
    httpx2.TooManyRedirects: Kind.WRONG_ADDRESS,
    httpx2.UnsupportedProtocol: Kind.WRONG_ADDRESS,
    httpx2.InvalidURL: Kind.WRONG_ADDRESS,
    # The transport's, which the package wraps in its own, not always the right one, or lets through
    aiohttp.ClientError: Kind.SERVER_FAULT,
    aiohttp.ClientConnectionError: Kind.UNREACHABLE,
    aiohttp.ServerDisconnectedError: Kind.SERVER_FAULT,
    aiohttp.ServerTimeoutError: Kind.SLOW,
    aiohttp.ClientHttpProxyError: Kind.UNREACHABLE,
    aiohttp.NonHttpUrlClientError: Kind.WRONG_ADDRESS,
    aiohttp.InvalidURL: Kind.WRONG_ADDRESS,
    OSError: Kind.UNREACHABLE,
    TimeoutError: Kind.SLOW,
    # of a host's name, such as a..b
    UnicodeError: Kind.WRONG_ADDRESS,
    UnicodeEncodeError: Kind.MISUSE,
    UnicodeDecodeError: Kind.SERVER_FAULT,
    ValueError: Kind.SERVER_FAULT,
    # anyio's, for all that goes wrong in connecting but an OSError
    ExceptionGroup: Kind.UNREACHABLE,
}

# What a call can raise; anything else is our own mistake and is let through.
VENDOR_ERRORS = (
    openai.OpenAIError,
    httpx2.HTTPError,
    httpx2.InvalidURL,
    httpx2.CookieConflict,
    httpx2.StreamError,
    aiohttp.ClientError,
    OSError,
    ValueError,
    ExceptionGroup,
)

_TOO_LONG = re.compile(
    r"context_length_exceeded|exceed_context_size|context (?:length|window|size)|maximum context|too many tokens"
    r"|(?:prompt|input) is too long|request too large|exceeds? the (?:model's )?(?:maximum|available) (?:context|input)"
    r"|too large to process"
)
_NO_MONEY = re.compile(
    r"insufficient[ _](?:quota|balance|credit|funds)|billing_|plan and billing|exceeded your current quota"
)
_REFUSED_PARAMETERS = {
    "stream_options": re.compile(r"stream_options"),
    "response_format": re.compile(r"response[_ ]format|json_schema|json_object|structured output"),
    "tools": re.compile(r"(?:support|enable|know) (?:\w+ )?tool|tool[ _]choice|tools param|function[ _]call"),
    "max_completion_tokens": re.compile(r"(?:unsupported|unknown|unrecognized)[^.]*max_completion_tokens"),
    "max_tokens": re.compile(r"(?:unsupported|unknown|unrecognized)[^.]*max_tokens"),
    "prompt_cache_key": re.compile(r"prompt_cache_key"),
    "encoding_format": re.compile(r"encoding_format"),
}
# llama.cpp answers 500 to tools without --jinja, OpenRouter 404 when no provider takes them.
_REFUSING = frozenset({400, 404, 422, 500, 501})
_PASSING = frozenset({408, 409, 425, 429})
_SAFE_WORD = re.compile(r"[\w.\[\]-]{1,60}")
_VERSION = re.compile(r"/v\d")
_LOOKED_AT_CHARS = 600


@dataclass(frozen=True, slots=True)
class Asked:
    """Which model was asked for, and where; `settings` begins the names of the settings that say so."""

    model: str
    server: str
    settings: str = "OPENAI"


def kind_of(error: type[BaseException]) -> Kind:
    """Return the kind of the nearest class that has one."""
    return next((KINDS[parent] for parent in error.__mro__ if parent in KINDS), Kind.MISUSE)


def translated(error: Exception, asked: Asked) -> ModelError:
    """Return our error for a vendor's."""
    if isinstance(error, openai.APIStatusError):
        return _from_status(error, asked)
    root = _cause(error)
    if isinstance(root, SSLCertVerificationError):
        return ModelRefusedError(f"the certificate of {asked.server} is not trusted: check {asked.settings}_BASE_URL")
    return _of_kind(kind_of(type(root)), error, asked)


def _cause(error: BaseException) -> BaseException:
    """The openai package wraps what the HTTP client says; the innermost cause with a kind knows best."""
    cause = error.__cause__
    while cause is not None:
        error = cause if isinstance(cause, tuple(KINDS)) else error
        cause = cause.__cause__
    return error


def _of_kind(kind: Kind, error: Exception, asked: Asked) -> ModelError:
    server = asked.server
    match kind:
        case Kind.SLOW:
            return ModelUnavailableError(f"{server} did not answer in time")
        case Kind.UNREACHABLE:
            return ModelUnavailableError(f"{server} cannot be reached: is the network up and the server running?")
        case Kind.WRONG_ADDRESS:
            return ModelRefusedError(f"there is no model server at {asked.settings}_BASE_URL: check the address")
        case Kind.FILTERED:
            return ModelRefusedError(f"the content filter of {server} refused the prompt")
        case Kind.CUT_SHORT:
            return ContextTooLongError(f"the reply of {asked.model} did not fit")
        case Kind.MISUSE:
            return ModelRefusedError(
                f"the request to {server} could not be made: check {asked.settings}_API_KEY, {asked.settings}_BASE_URL"
            )
    return _from_stream(error, asked)


def _from_stream(error: Exception, asked: Asked) -> ModelError:
    """An error that came as an event of a stream, or an answer that is none."""
    if isinstance(error, openai.APIError):
        said = _said_by_server(error)
        if _TOO_LONG.search(said):
            return _too_long(asked)
        if _NO_MONEY.search(said):
            return _no_money(asked)
    return ModelUnavailableError(f"{asked.server} sent a broken answer")


def _from_status(error: openai.APIStatusError, asked: Asked) -> ModelError:
    status, said = error.status_code, _said_by_server(error)
    if status == 413 or (status != 401 and _TOO_LONG.search(said)):
        return _too_long(asked)
    if status == 402 or (status in {403, 429} and _NO_MONEY.search(said)):
        return _no_money(asked)
    if status in _REFUSING and (parameter := refused_parameter(error)) is not None:
        return ParameterRefusedError(parameter, asked.server)
    if status in _PASSING or (status >= 500 and status != 501):
        reason = "is limiting requests" if status == 429 else f"has trouble of its own (status {status})"
        return ModelUnavailableError(f"{asked.server} {reason}", retry_after=retry_after(error.response.headers))
    return _from_refusal(error, asked)


def _from_refusal(error: openai.APIStatusError, asked: Asked) -> ModelError:
    match error.status_code:
        case 401:
            return ModelRefusedError(f"{asked.server} refused the key: set {asked.settings}_API_KEY to a valid one")
        case 403:
            return ModelRefusedError(
                f"{asked.server} does not allow this key to use {asked.model}: check its permissions"
            )
        case 404:
            hint = "" if _VERSION.search(error.request.url.path) else ", which usually ends in /v1"
            return ModelRefusedError(
                f"{asked.server} does not know {asked.model}: "
                f"check {asked.settings}_MODEL and {asked.settings}_BASE_URL{hint}"
            )
    if error.code == "content_filter":
        return ModelRefusedError(f"the content filter of {asked.server} refused the prompt")
    details = [f"status {error.status_code}"]
    details += [word for word in (error.code, error.param) if word and _SAFE_WORD.fullmatch(word)]
    return ModelRefusedError(f"{asked.server} refused the request ({', '.join(details)}): check {asked.settings}_MODEL")


def _too_long(asked: Asked) -> ContextTooLongError:
    return ContextTooLongError(f"the prompt is longer than {asked.model} takes: lower CONTEXT_BUDGET_TOKENS")


def _no_money(asked: Asked) -> ModelRefusedError:
    return ModelRefusedError(f"the account at {asked.server} has no quota left: check its plan and billing")


def refused_parameter(error: openai.APIError) -> str | None:
    """Return the parameter that the server does not take, of those that a request can do without."""
    if isinstance(error.param, str) and error.param:
        named = error.param.partition(".")[0]
        return named if named in _REFUSED_PARAMETERS else None
    said = _said_by_server(error)
    return next((name for name, pattern in _REFUSED_PARAMETERS.items() if pattern.search(said)), None)


def _said_by_server(error: openai.APIError) -> str:
    """The words of the error, for recognising it; servers that quote the request do so at the end."""
    message = error.body.get("message") if isinstance(error.body, dict) else None
    text = message if isinstance(message, str) else error.message
    return f"{error.code or ''} {error.type or ''} {text[:_LOOKED_AT_CHARS]}".lower()


def retry_after(headers: httpx2.Headers, *, now: datetime | None = None) -> timedelta | None:
    """Return how long the server asks to wait: `retry-after-ms`, or `retry-after` in seconds or as a date."""
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return timedelta(milliseconds=milliseconds)
    asked = headers.get("retry-after")
    seconds = _number(asked)
    if seconds is not None:
        return timedelta(seconds=seconds)
    try:
        moment = parsedate_to_datetime(asked or "")
    except ValueError:
        return None
    wait = moment.replace(tzinfo=moment.tzinfo or UTC) - (now or datetime.now(UTC))
    return max(wait, timedelta(0))


def _number(text: str | None) -> float | None:
    """A waiting time of at most a day; None for anything else."""
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if 0 <= number <= 86_400_000 else None
