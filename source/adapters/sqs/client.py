"""The client of one queue."""

import asyncio
import importlib
import os
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import urlsplit

from source.adapters.sqs.errors import queue_errors
from source.domain.errors import SettingsError

_INSTALL: Final = "MEMORY_QUEUE_URL needs a package more: .venv/bin/pip install -r requirements-extras.txt"
_REGION_IN_HOST: Final = re.compile(
    r"(?:^|\.)sqs\.(?P<region>[a-z]{2}(?:-[a-z]+)+-\d)\.|^(?P<older>[a-z-]+-\d)\.queue\."
)
_ANY_REGION: Final = "us-east-1"
_CONNECT_SECONDS: Final = 5
# SQS holds a long poll open for up to 20 seconds.
_READ_SECONDS: Final = 30
_ATTEMPTS: Final = 4

Client = Any  # aiobotocore makes its methods at run time, from Amazon's description of the service


@asynccontextmanager
async def opened(queue_url: str) -> AsyncGenerator[Client]:
    """Give a client for the queue's server, with the credentials of the environment.

    Raises: SettingsError, QueueUnavailableError, here and from within the block.
    """
    try:
        # More than a second of imports: not on the event loop of a running Echo.
        session_module = await asyncio.to_thread(importlib.import_module, "aiobotocore.session")
        config_module = await asyncio.to_thread(importlib.import_module, "aiobotocore.config")
    except ImportError as error:
        raise SettingsError(_INSTALL) from error
    config = config_module.AioConfig(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
        warm_up_loader_caches=True,
    )
    parts = urlsplit(queue_url)
    with queue_errors():
        async with session_module.get_session().create_client(
            "sqs", region_name=region_of(queue_url), endpoint_url=f"{parts.scheme}://{parts.netloc}", config=config
        ) as client:
            yield client


def region_of(queue_url: str) -> str:
    """Return the region that signs requests: the address names it at Amazon; other servers take any."""
    found = _REGION_IN_HOST.search(urlsplit(queue_url).hostname or "")
    named = (found["region"] or found["older"]) if found else None
    return named or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or _ANY_REGION
