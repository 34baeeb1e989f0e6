"""What botocore raises, in Echo's words."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from source.domain.errors import EchoError, QueueUnavailableError, SettingsError

# SQS: the codes of errors that trying again does not change.
_LASTING: Final = {
    "AWS.SimpleQueueService.NonExistentQueue": "there is no such queue: look at its address",
    "QueueDoesNotExist": "there is no such queue: look at its address",
    "InvalidAddress": "this is not the address of a queue",
    "AccessDenied": "these credentials may not use the queue: allow sqs:SendMessage, ReceiveMessage, DeleteMessage, "
    "ChangeMessageVisibility and GetQueueAttributes",
    "AccessDeniedException": "these credentials may not use the queue",
    "InvalidClientTokenId": "the access key is unknown: look at AWS_ACCESS_KEY_ID",
    "UnrecognizedClientException": "the access key is unknown: look at AWS_ACCESS_KEY_ID",
    "SignatureDoesNotMatch": "the secret key is wrong: look at AWS_SECRET_ACCESS_KEY",
    "ExpiredToken": "the session has expired: get new credentials",
}


@contextmanager
def queue_errors() -> Generator[None]:
    """Raise Echo's error for whatever the client raises in this block."""
    from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]  # it has no types

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise translated(error) from error


def translated(error: Exception) -> EchoError:
    """Return Echo's error for one of botocore's: what the operator has to change, or what may work later."""
    from botocore import exceptions  # type: ignore[import-untyped]  # it has no types

    name = type(error).__name__
    if isinstance(error, exceptions.ClientError):
        code = str(error.response.get("Error", {}).get("Code", name))
        if code in _LASTING:
            return SettingsError(f"MEMORY_QUEUE_URL: {_LASTING[code]}.")
        return QueueUnavailableError(f"the queue of MEMORY_QUEUE_URL refused ({code}); it is tried again later")
    if isinstance(error, exceptions.NoCredentialsError | exceptions.PartialCredentialsError):
        return SettingsError(
            "MEMORY_QUEUE_URL: there are no AWS credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
            "or AWS_PROFILE, or run where a role gives them."
        )
    if isinstance(error, exceptions.ProfileNotFound | exceptions.ConfigParseError | exceptions.InvalidRegionError):
        return SettingsError(f"MEMORY_QUEUE_URL: AWS is set up wrongly ({name}); look at AWS_PROFILE and AWS_REGION.")
    return QueueUnavailableError(f"the queue of MEMORY_QUEUE_URL cannot be reached ({name}); it is tried again later")
