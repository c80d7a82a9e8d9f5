"""What the demo works on: a real SSH server and a real service that is really broken."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import asyncssh

from tests.support.sshd import SshdMissing, sshd


@dataclass(frozen=True)
class Server:
    address: str
    options: dict[str, str]


@contextmanager
def ssh_server(folder: Path) -> Iterator[Server]:
    """OpenSSH on loopback; asyncssh's server where OpenSSH's is not installed."""
    try:
        with sshd(folder) as server:
            yield Server(server.spec().address, dict(server.spec().options))
    except SshdMissing as missing:
        print(f"{missing} Using asyncssh's server instead.")
        with _asyncssh_server(folder) as server:
            yield server


@contextmanager
def _asyncssh_server(folder: Path) -> Iterator[Server]:
    folder.mkdir(parents=True)
    key, host_key = asyncssh.generate_private_key("ssh-ed25519"), folder / "client_key"
    server_key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(str(host_key))
    key.write_public_key(str(folder / "authorized_keys"))
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()

    async def listen() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1",
            0,
            server_host_keys=[server_key],
            authorized_client_keys=str(folder / "authorized_keys"),
            process_factory=_run,
            encoding=None,
        )

    acceptor = asyncio.run_coroutine_threadsafe(listen(), loop).result()
    port = acceptor.get_port()
    public = server_key.export_public_key().decode().strip()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {public}\n")
    (folder / "config").touch()
    options = {
        "identity_file": str(host_key),
        "known_hosts": str(folder / "known_hosts"),
        "config_file": str(folder / "config"),
    }
    try:
        yield Server(f"demo@127.0.0.1:{port}", options)
    finally:
        loop.call_soon_threadsafe(acceptor.close)
        loop.call_soon_threadsafe(loop.stop)


async def _run(process: "asyncssh.SSHServerProcess[bytes]") -> None:
    shell = await asyncio.create_subprocess_shell(
        process.command or "true",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    await process.redirect(stdout=shell.stdout, stderr=shell.stderr)
    process.exit(await shell.wait())


SHOP = """
import http.server, pathlib, sys

folder = pathlib.Path(sys.argv[1])
database = folder / "orders.db"


class Shop(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        up = database.exists()
        body = b"status: ok\\norders: 3\\n" if up else b"status: error\\n"
        self.send_response(200 if up else 503)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop)
print(server.server_port, flush=True)
server.serve_forever()
"""


class Shop:
    """A web shop whose database somebody has moved away: it answers 503 until it is back."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self._database = folder / "orders.db"
        self._moved = folder / "orders.db.moved"
        self._moved.write_text("1\n2\n3\n")
        self._program = folder / "shop.py"
        self._program.write_text(SHOP)
        self._process: subprocess.Popen[str] | None = None
        self.port = 0

    @property
    def check(self) -> str:
        return f"curl -sS -f -m 5 http://127.0.0.1:{self.port}/health"

    @property
    def fix(self) -> str:
        return f"mv {self._moved} {self._database}"

    def __enter__(self) -> "Shop":
        self._process = subprocess.Popen(
            [sys.executable, str(self._program), str(self._program.parent)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
