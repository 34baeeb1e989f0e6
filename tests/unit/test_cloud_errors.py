"""What a cloud says is told to the operator as a sentence, and no error of the vendor's is left out."""

import inspect
import warnings
from pathlib import Path

import obstore.exceptions
import pytest

from source.adapters.blobs.cloud_errors import _BY_KIND, is_missing, translated
from source.domain.errors import ArchiveUnavailableError

S3 = "s3://bucket/echo"
_SAID = "Server returned non-2xx status code: {status}: <Error><Code>{code}</Code></Error>"


def vendor_errors() -> list[type[Exception]]:
    with warnings.catch_warnings(action="ignore"):
        found = [getattr(obstore.exceptions, name) for name in dir(obstore.exceptions)]
    return [each for each in found if inspect.isclass(each) and issubclass(each, Exception)]


@pytest.mark.parametrize("kind", vendor_errors(), ids=lambda kind: kind.__name__)
def test_every_error_of_the_vendor_is_one_of_echos(kind: type[Exception]) -> None:
    error = translated(kind("said"), S3)
    assert isinstance(error, ArchiveUnavailableError)
    assert str(error).startswith(f"{S3}: ")
    if kind.__name__ not in {"BaseError", "GenericError"}:  # these two say nothing but by their text
        assert kind.__name__ in _BY_KIND
        assert "refused what was asked" not in str(error)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (_SAID.format(status="404 Not Found", code="NoSuchBucket"), "make it, for Echo cannot"),
        (_SAID.format(status="404 Not Found", code="ContainerNotFound"), "make it, for Echo cannot"),
        (_SAID.format(status="403 Forbidden", code="AccessDenied"), "access is denied"),
        (_SAID.format(status="403 Forbidden", code="InvalidAccessKeyId"), "AWS_ACCESS_KEY_ID"),
        (_SAID.format(status="403 Forbidden", code="SignatureDoesNotMatch"), "AWS_SECRET_ACCESS_KEY"),
        (_SAID.format(status="400 Bad Request", code="ExpiredToken"), "not valid"),
        ("Error performing PUT http://169.254.169.254/latest/api/token in 3ms", "AWS_ACCESS_KEY_ID"),
        (_SAID.format(status="503 Slow Down", code="SlowDown"), "busy"),
        (_SAID.format(status="500 Internal Server Error", code="InternalError"), "busy"),
        ("HTTP error: error sending request HttpError { kind: Connect,", "cannot be reached"),
        ("HTTP error: error sending request HttpError { kind: Request,", "cannot be reached"),
        ("HTTP error: operation timed out HttpError { kind: Timeout,", "in time"),
        ("Received redirect without LOCATION, this normally indicates", "AWS_REGION"),
        ("something that nobody has seen", "refused what was asked (GenericError)"),
    ],
)
def test_what_was_said_decides_what_the_operator_is_told(said: str, told: str) -> None:
    assert told in str(translated(obstore.exceptions.GenericError(said), S3))


@pytest.mark.parametrize(
    ("url", "told"), [("gs://b/x", "GOOGLE_APPLICATION_CREDENTIALS"), ("az://c/x", "AZURE_STORAGE_ACCOUNT_NAME")]
)
def test_each_cloud_has_its_own_credentials(url: str, told: str) -> None:
    assert told in str(translated(obstore.exceptions.UnauthenticatedError("401"), url))


def test_a_missing_bucket_is_not_taken_for_a_missing_file() -> None:
    assert is_missing(FileNotFoundError(_SAID.format(status="404", code="NoSuchKey")))
    assert not is_missing(FileNotFoundError(_SAID.format(status="404", code="NoSuchBucket")))
    assert not is_missing(obstore.exceptions.GenericError("404"))


def test_no_secret_is_told() -> None:
    error = translated(obstore.exceptions.GenericError("Credential=AKIA123/secret"), S3)
    assert "AKIA123" not in str(error)
    assert Path(S3).name in str(error)
