"""The command line `stillfixed`: verbs for people, and an interactive session."""

import sys
from contextlib import suppress


def main() -> None:
    """The entry point. Ends the process with the verb's exit status, and without a traceback."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        from stillfixed.connectors.cli.app import app

        app(prog_name="stillfixed")
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        from stillfixed.connectors.cli.terminal import leave_pipe

        leave_pipe()
        sys.exit(1)
