"""The host's own log lines: what happened, as fields.

Guarantee: no line holds a request's or an answer's body, a command, an output, or the text of an
error that may quote one. A fault of ours is told by its type and the places in the code.
"""

import logging
import sys
import traceback
from typing import Literal

import structlog
from structlog.typing import Processor

_LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


def configure(form: Literal["console", "json"], level: str) -> None:
    """Write to standard error from now on; what libraries log too, from warnings up."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    render: Processor
    if form == "json":
        render = structlog.processors.JSONRenderer(sort_keys=True)
    else:
        render = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    structlog.configure(
        processors=[*shared, render],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _without_traceback],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    for name in ("uvicorn", "uvicorn.error"):
        library = logging.getLogger(name)
        library.handlers = [handler] if name == "uvicorn" else []
        library.propagate = name != "uvicorn"
        library.setLevel(max(logging.WARNING, _LEVELS[level]))


def _without_traceback(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """A traceback ends with the error's text."""
    found = event.pop("exc_info", None)
    if isinstance(found, tuple) and isinstance(found[1], BaseException):
        event.update(told(found[1]))
    return event


def told(error: BaseException) -> dict[str, object]:
    """An unexpected error as fields: its type, and where, innermost last. Not its text."""
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    return {
        "error": type(error).__qualname__,
        "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
