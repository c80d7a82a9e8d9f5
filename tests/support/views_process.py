"""A worker in a process of its own, to be killed: LOG FOLDER [FILE_LIMIT_BYTES]."""

import asyncio
import resource
import signal
import sys
from pathlib import Path

from stillfixed.actors.errors import ViewsError
from stillfixed.actors.log.sqlite import SqliteLog
from stillfixed.projections import worker as module
from stillfixed.projections.worker import Worker


async def work(log_file: Path, folder: Path) -> None:
    log = await SqliteLog.open(log_file)
    worker = await Worker.start(log, folder)
    if len(sys.argv) > 3:  # only now: the log needs room to let it start
        limit = int(sys.argv[3])
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    print("started", flush=True)
    await worker.run(publish_every_seconds=0)


module.BATCH_EVENTS = 50  # many transactions to be killed in
try:
    asyncio.run(work(Path(sys.argv[1]), Path(sys.argv[2])))
except ViewsError as error:
    print(type(error).__name__, error.message, flush=True)
