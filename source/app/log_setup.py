"""Log lines on standard error: events with fields, for people or as JSON."""

import json
import logging
import os
import sys
from collections.abc import Callable, Collection
from typing import Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, ProcessorReturnValue, WrappedLogger

from source.app.log_scrubbing import Scrub, scrubbing

# Other libraries write message text and headers below this level.
_FOREIGN_LEVEL = logging.WARNING
_OWN_LOGGERS = ("source", "bot", "__main__")
_SHORTEST_SECRET = 4
_CONTROLS = {code: "�" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}


def set_up_logging(
    *,
    level: Literal["debug", "info", "warning", "error"],
    form: Literal["console", "json"],
    secrets: Collection[str] = (),
    scrub: Scrub | None = None,
) -> None:
    """Route structlog and the standard library to standard error; what is in `secrets` is masked in every line.

    `scrub` takes personal data out of every text in it, tracebacks included.

    `level` holds for Echo's own events; other libraries are heard from warnings on.
    """
    shared: list[Processor] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    handler = _StandardError()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                *([scrubbing(scrub)] if scrub is not None else []),
                _without_controls,
                _renderer(form),
                _masking(secrets),
            ],
        )
    )
    _connect(handler, level.upper())
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


class _StandardError(logging.StreamHandler[TextIO]):
    """Writes to what `sys.stderr` is at the moment: the prompt replaces it so that lines appear above what is typed."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]  # the base class keeps the stream it was born with
        return sys.stderr


def _connect(handler: logging.Handler, level: str) -> None:
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(_FOREIGN_LEVEL)
    for name in _OWN_LOGGERS:
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(True)


def _renderer(form: str) -> Processor:
    if form == "json":
        return structlog.processors.JSONRenderer(ensure_ascii=False, sort_keys=True)
    # The plain traceback: a rich one prints local variables, and with them what people wrote.
    return structlog.dev.ConsoleRenderer(colors=_takes_colours(), exception_formatter=structlog.dev.plain_traceback)


def _takes_colours() -> bool:
    return sys.stderr.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def _without_controls(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {key: value.translate(_CONTROLS) if isinstance(value, str) else value for key, value in event.items()}


def _masking(secrets: Collection[str]) -> Callable[[WrappedLogger, str, EventDict], ProcessorReturnValue]:
    """The last step: a secret may hide in any field, also in the text of an exception."""
    written = {
        form for secret in secrets if len(secret) >= _SHORTEST_SECRET for form in (secret, json.dumps(secret)[1:-1])
    }

    def mask(_logger: WrappedLogger, _method: str, line: EventDict) -> ProcessorReturnValue:
        text = str(line)
        for secret in written:
            text = text.replace(secret, "***")
        return text

    return mask
