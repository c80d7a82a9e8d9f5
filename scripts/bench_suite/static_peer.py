"""Bench: the peer that serves files as uvicorn's users do. Run as `uvicorn …static_peer:app`."""

import os

from starlette.staticfiles import StaticFiles

FOLDER = "STILLFIXED_BENCH_STATIC"

app = StaticFiles(directory=os.environ.get(FOLDER, "."))
