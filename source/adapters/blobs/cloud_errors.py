"""What obstore says, as a sentence for the operator."""

from typing import Final

from source.domain.errors import ArchiveUnavailableError

_CREDENTIALS: Final = {
    "s3": "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    "gs": "set GOOGLE_APPLICATION_CREDENTIALS to a service account's file",
    "az": "set AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY",
}
_NO_BUCKET: Final = "there is no such bucket or container: make it, for Echo cannot"
_NOT_VALID: Final = "the credentials are missing or not valid: {credentials}"
_DENIED: Final = "access is denied: give these credentials the right to read, write, list and delete there"
_UNREACHABLE: Final = "it cannot be reached: look at the network and at ARCHIVE_STORAGE_ENDPOINT"
_SLOW: Final = "it does not answer in time: it is tried again later"
_BUSY: Final = "it refuses because it is busy or out of order: it is tried again later"
_REGION: Final = "the bucket is in another region: set AWS_REGION to it"
_NAME: Final = "it does not take such names: look at the path in ARCHIVE_STORAGE"
_SETTING: Final = (
    "one of its environment variables is not known or has a wrong value: look at AWS_*, GOOGLE_* or AZURE_*"
)
_UNLIKE: Final = "it does not do what Echo needs: choose another storage"
_UNKNOWN: Final = "it refused what was asked ({kind})"

# The first that occurs in what was said decides: the vendors' codes tell more than the classes of the errors.
_BY_TEXT: Final = (
    ("NoSuchBucket", _NO_BUCKET),
    ("ContainerNotFound", _NO_BUCKET),
    ("The specified bucket does not exist", _NO_BUCKET),
    ("InvalidBucketName", _NO_BUCKET),
    ("InvalidAccessKeyId", _NOT_VALID),
    ("SignatureDoesNotMatch", _NOT_VALID),
    ("ExpiredToken", _NOT_VALID),
    ("InvalidAuthenticationInfo", _NOT_VALID),
    ("AuthenticationFailed", _NOT_VALID),
    # Where a machine in the cloud would be given credentials.
    ("169.254.169.254", _NOT_VALID),
    ("metadata.google.internal", _NOT_VALID),
    ("token request", _NOT_VALID),
    ("Account must be specified", _NOT_VALID),
    ("AccessDenied", _DENIED),
    ("AuthorizationPermissionMismatch", _DENIED),
    ("without LOCATION", _REGION),
    ("PermanentRedirect", _REGION),
    ("AuthorizationHeaderMalformed", _REGION),
    ("kind: Timeout", _SLOW),
    ("kind: Connect", _UNREACHABLE),
    ("kind: Request", _UNREACHABLE),
    ("kind: Interrupted", _UNREACHABLE),
    ("kind: Decode", _UNREACHABLE),
    ("SlowDown", _BUSY),
    ("status: 429", _BUSY),
    ("status: 5", _BUSY),
    ("status code: 5", _BUSY),
)
_BY_KIND: Final = {
    "FileNotFoundError": _NO_BUCKET,
    "NotFoundError": _NO_BUCKET,
    "UnauthenticatedError": _NOT_VALID,
    "PermissionDeniedError": _DENIED,
    "InvalidPathError": _NAME,
    "UnknownConfigurationKeyError": _SETTING,
    "NotSupportedError": _UNLIKE,
    "AlreadyExistsError": _UNLIKE,
    "PreconditionError": _UNLIKE,
    "NotModifiedError": _UNLIKE,
    "JoinError": _BUSY,
}


def translated(error: Exception, url: str) -> ArchiveUnavailableError:
    """Return the error of Echo's for what went wrong at `url`."""
    said, kind = str(error), type(error).__name__
    advice = next((advice for text, advice in _BY_TEXT if text in said), None) or _BY_KIND.get(kind, _UNKNOWN)
    credentials = _CREDENTIALS.get(url.split("://", 1)[0], "look at its environment variables")
    return ArchiveUnavailableError(f"{url}: {advice.format(credentials=credentials, kind=kind)}; nothing is lost")


def is_missing(error: Exception) -> bool:
    """Whether nothing of that name is there, and all else is as it should be."""
    return isinstance(error, FileNotFoundError) and not any(
        text in str(error) for text, advice in _BY_TEXT if advice is _NO_BUCKET
    )
