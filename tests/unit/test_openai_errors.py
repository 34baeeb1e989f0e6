import inspect
from datetime import UTC, datetime, timedelta
from functools import cache

import aiohttp
import httpx2
import openai
import pytest
from openai import _exceptions, _response

from source.adapters.llm.openai_errors import KINDS, VENDOR_ERRORS, Asked, retry_after, translated
from source.adapters.llm.openai_request import ParameterRefusedError
from source.domain.errors import ContextTooLongError, ModelError, ModelRefusedError, ModelUnavailableError

ASKED = Asked("gpt-test", "api.test")
SECRET = "sk-secret and what Ana said"


def vendor_errors() -> list[type[Exception]]:
    """Every exception class that openai's core and httpx2 define."""
    names = [*vars(openai).values(), *vars(_exceptions).values(), *vars(_response).values()]
    names += [getattr(httpx2, name) for name in httpx2.__all__]
    classes = {each for each in names if inspect.isclass(each) and issubclass(each, Exception)}
    return sorted(
        (
            each
            for each in classes
            if each.__module__.partition(".")[0] in {"openai", "httpx2"} and each is not private()
        ),
        key=lambda each: each.__name__,
    )


def private() -> type[Exception]:
    # Raised only by `openai.chat.…` without a client object, which the adapter never uses.
    return openai._AmbiguousModuleClientUsageError


def transport_errors() -> list[type[Exception]]:
    """Every exception class of aiohttp's client."""
    classes = {
        each for each in vars(aiohttp).values() if inspect.isclass(each) and issubclass(each, aiohttp.ClientError)
    }
    return sorted(classes, key=lambda each: each.__name__)


def response(status: int, **headers: str) -> httpx2.Response:
    request = httpx2.Request("POST", "http://api.test/v1/chat/completions")
    return httpx2.Response(
        status, headers={name.replace("_", "-"): value for name, value in headers.items()}, request=request
    )


@cache
def sdk_client() -> openai.OpenAI:
    return openai.OpenAI(api_key="x", base_url="http://api.test/v1")


def status_error(
    status: int,
    message: str = SECRET,
    *,
    code: str | None = None,
    param: str | None = None,
    kind: str = "x",
    **headers: str,
) -> openai.APIStatusError:
    """The error that the openai package makes of an answer."""
    body = {"error": {"message": message, "code": code, "param": param, "type": kind}}
    return sdk_client()._make_status_error(
        f"Error code: {status} - {body}", body=body, response=response(status, **headers)
    )


def instance_of(kind: type[Exception]) -> Exception:
    """An error of this class, made without its constructor when that wants more than a text."""
    request = httpx2.Request("POST", "http://api.test/")
    if issubclass(kind, openai.APIStatusError):
        return (
            kind(SECRET, response=response(418), body=None)
            if kind is not openai.OAuthError
            else kind(response=response(401), body={"error_description": SECRET})
        )
    if issubclass(kind, openai.APIConnectionError):
        return kind(request=request)
    error = kind.__new__(kind)
    Exception.__init__(error, SECRET)
    if isinstance(error, openai.APIError):
        openai.APIError.__init__(error, SECRET, request, body=None)
    return error


@pytest.mark.parametrize("kind", vendor_errors())
def test_every_vendor_error_has_a_place_of_its_own(kind: type[Exception]) -> None:
    assert kind in KINDS


@pytest.mark.parametrize("kind", [*vendor_errors(), *transport_errors()])
def test_every_vendor_error_becomes_ours_without_its_text(kind: type[Exception]) -> None:
    ours = translated(instance_of(kind), ASKED)

    assert isinstance(ours, ModelError)
    assert SECRET not in str(ours)
    assert str(ours)


@pytest.mark.parametrize(
    "kind",
    [
        *(each for each in vendor_errors() if each is not _response.MissingStreamClassError),
        *transport_errors(),
    ],
)
def test_every_vendor_error_is_caught(kind: type[Exception]) -> None:
    assert issubclass(kind, VENDOR_ERRORS)


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 529])
def test_what_may_pass_is_unavailable(status: int) -> None:
    assert isinstance(translated(status_error(status), ASKED), ModelUnavailableError)


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (400, "OPENAI_MODEL"),
        (401, "OPENAI_API_KEY"),
        (402, "billing"),
        (403, "permissions"),
        (404, "OPENAI_MODEL"),
        (422, "status 422"),
    ],
)
def test_a_refusal_says_what_to_do_and_nothing_that_was_said(status: int, advice: str) -> None:
    ours = translated(status_error(status), ASKED)

    assert isinstance(ours, ModelRefusedError)
    assert advice in str(ours)
    assert "Ana" not in str(ours)


@pytest.mark.parametrize(("path", "is_told"), [("/chat/completions", True), ("/v1/chat/completions", False)])
def test_an_address_without_its_version_is_thought_of(path: str, is_told: bool) -> None:
    answer = httpx2.Response(404, request=httpx2.Request("POST", f"http://api.test{path}"))

    ours = translated(openai.NotFoundError("none", response=answer, body=None), ASKED)

    assert ("usually ends in /v1" in str(ours)) is is_told


@pytest.mark.parametrize(
    ("message", "code", "kind"),
    [
        ("You exceeded your current quota.", "insufficient_quota", "insufficient_quota"),
        ("Insufficient Balance", None, "x"),
    ],
)
def test_an_empty_account_is_a_refusal_though_its_status_is_429(message: str, code: str | None, kind: str) -> None:
    ours = translated(status_error(429, message, code=code, kind=kind), ASKED)

    assert isinstance(ours, ModelRefusedError)
    assert "billing" in str(ours)


def test_a_rate_limit_that_advertises_billing_is_still_a_rate_limit() -> None:
    message = "Rate limit reached. Add a payment method at https://platform.openai.com/account/billing."

    assert isinstance(translated(status_error(429, message, code="rate_limit_exceeded"), ASKED), ModelUnavailableError)


@pytest.mark.parametrize(
    ("status", "message", "code"),
    [
        (400, "This model's maximum context length is 8192 tokens.", "context_length_exceeded"),
        (400, "the request exceeds the available context size. try increasing it", None),
        (400, "The input is too long for this model", None),
        (413, "Payload Too Large", None),
        (
            429,
            "Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 40000.",
            "rate_limit_exceeded",
        ),
        (500, "the prompt exceeds the available context size", None),
    ],
)
def test_a_prompt_that_is_too_long_is_told_apart(status: int, message: str, code: str | None) -> None:
    assert isinstance(translated(status_error(status, message, code=code), ASKED), ContextTooLongError)


@pytest.mark.parametrize(
    ("status", "message", "param", "parameter"),
    [
        (400, "Unknown parameter", "stream_options", "stream_options"),
        (400, "registry.ollama.ai/library/gemma:2b does not support tools", None, "tools"),
        (400, '"auto" tool choice requires --enable-auto-tool-choice', None, "tools"),
        (404, "No endpoints found that support tool use.", None, "tools"),
        (500, "tools param requires --jinja flag", None, "tools"),
        (400, "'response_format.type' must be 'json_schema' or 'text'", None, "response_format"),
        (400, "Invalid schema for response_format 'summary'", "response_format", "response_format"),
        (400, "Unsupported parameter: 'max_tokens' is not supported with this model.", "max_tokens", "max_tokens"),
        (422, "[{'type': 'extra_forbidden', 'loc': ('body', 'stream_options')}]", None, "stream_options"),
    ],
)
def test_a_parameter_that_can_be_left_out_is_named(
    status: int, message: str, param: str | None, parameter: str
) -> None:
    ours = translated(status_error(status, message, param=param), ASKED)

    assert isinstance(ours, ParameterRefusedError)
    assert ours.parameter == parameter


@pytest.mark.parametrize(
    ("message", "param"),
    [
        (
            "messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
            "messages.[1].role",
        ),
        ("messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.", None),
        ("Invalid schema for function 'search'", "tools[0].function.parameters"),
    ],
)
def test_a_mistake_of_ours_is_no_lack_of_the_server(message: str, param: str | None) -> None:
    assert not isinstance(translated(status_error(400, message, param=param), ASKED), ParameterRefusedError)


def test_an_address_that_is_none_is_the_operators_to_change() -> None:
    error = openai.APIConnectionError(request=httpx2.Request("POST", "http://api.test/"))
    error.__cause__ = httpx2.UnsupportedProtocol("unknown")

    ours = translated(error, ASKED)

    assert isinstance(ours, ModelRefusedError)
    assert "OPENAI_BASE_URL" in str(ours)


@pytest.mark.parametrize(
    ("cause", "ours", "said"),
    [
        (aiohttp.ServerDisconnectedError(), ModelUnavailableError, "broken answer"),
        (aiohttp.ClientPayloadError(SECRET), ModelUnavailableError, "broken answer"),
        (aiohttp.ClientOSError(104, SECRET), ModelUnavailableError, "cannot be reached"),
        (aiohttp.ConnectionTimeoutError(SECRET), ModelUnavailableError, "in time"),
        (aiohttp.NonHttpUrlClientError("ftp://x"), ModelRefusedError, "OPENAI_BASE_URL"),
        (UnicodeError("label empty or too long"), ModelRefusedError, "OPENAI_BASE_URL"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_the_transport_says_counts_and_not_how_it_was_wrapped(
    cause: Exception, ours: type[Exception], said: str
) -> None:
    error = openai.APITimeoutError(request=httpx2.Request("POST", "http://api.test/"))
    error.__cause__ = httpx2.ConnectTimeout("slow")
    error.__cause__.__cause__ = cause

    with pytest.raises(ours, match=said) as raised:
        raise translated(error, ASKED)

    assert SECRET not in str(raised.value)


def test_a_server_that_is_down_is_unavailable() -> None:
    error = openai.APIConnectionError(request=httpx2.Request("POST", "http://api.test/"))
    error.__cause__ = httpx2.ConnectError("refused")
    error.__cause__.__cause__ = ConnectionRefusedError()

    assert isinstance(translated(error, ASKED), ModelUnavailableError)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"retry-after": "7"}, timedelta(seconds=7)),
        ({"retry-after": "0.25"}, timedelta(milliseconds=250)),
        ({"retry-after": "7", "retry-after-ms": "1500"}, timedelta(milliseconds=1500)),
        ({"retry-after": "Mon, 02 Mar 2026 09:00:30 GMT"}, timedelta(seconds=30)),
        ({"retry-after": "Mon, 02 Mar 2026 08:00:00 GMT"}, timedelta(0)),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({}, None),
    ],
)
def test_the_time_to_wait_is_read_in_every_form(headers: dict[str, str], expected: timedelta | None) -> None:
    now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    assert retry_after(httpx2.Headers(headers), now=now) == expected


def test_the_time_to_wait_comes_with_the_error() -> None:
    ours = translated(status_error(503, retry_after="12"), ASKED)

    assert isinstance(ours, ModelUnavailableError)
    assert ours.retry_after == timedelta(seconds=12)
