"""Ray, started or joined; and every error of Ray's, turned into one of ours.

Started by itself, Ray listens on loopback only, with its token authentication on, no dashboard, and
nothing of its own on the terminal. Joined by address, it is left as it is.
"""

import logging
import os
import secrets
import shutil
import socket
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from stillfixed.actors.errors import HostError, HostUnavailable, SessionUnavailable, StillfixedError
from stillfixed.actors.hostfile import RunningHost

NAMESPACE = "stillfixed"
ANSWERS_WITHIN_SECONDS = 5.0
OBJECT_STORE_BYTES = 80 * 1024 * 1024
"""Ray's smallest: sessions pass nothing through the object store."""

logger = logging.getLogger(__name__)


def import_ray() -> ModuleType:
    """Ray, with what must be set before it is first imported."""
    if "ray" not in sys.modules:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        # Without this, Ray on Linux binds to the machine's outward address even for one machine.
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
        # Ray nices its workers to 15; here they answer people, so they run like anyone else.
        os.environ.setdefault("RAY_worker_niceness", "0")
        # Hosts ask for no processors and no accelerators, and need no advice about that.
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    import ray

    return ray


class Cluster:
    """`start` once, `stop` once. `owned`: Ray was started here and ends here.

    `local`: the Ray at `address` is on this machine's loopback, another process's. `token` is that
    Ray's, where the environment does not hold it.
    """

    def __init__(
        self, address: str | None = None, *, local: bool = False, token: str | None = None
    ) -> None:
        self.address = address
        self.owned = False
        self._local = local
        self._token = token
        self._entered = False

    def start(self) -> None:
        """Join the cluster at `address`, or start Ray on this machine. Takes seconds. Raises
        `HostUnavailable`."""
        if self.address is not None:
            _must_answer(self.address)
        # Ray reads these when it is imported, so they come first.
        if self.address is not None and not self._local:
            # Joining a real cluster needs Ray's real network addresses.
            os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "1")
        if self._token is not None:
            os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=self._token)
        elif self.address is None:
            os.environ.setdefault("RAY_AUTH_MODE", "token")
            os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
        ray = import_ray()
        if ray.is_initialized():
            return
        _read_token_again(ray)
        _silence(ray)
        options: dict[str, Any] = {
            "namespace": NAMESPACE,
            "log_to_driver": False,
            "logging_level": logging.ERROR,
        }
        if self.address is not None:
            options["address"] = self.address
        else:
            options.update(
                # Without it Ray would look for any cluster that RAY_ADDRESS or a file names.
                address="local",
                include_dashboard=False,
                num_cpus=os.cpu_count() or 1,
                object_store_memory=OBJECT_STORE_BYTES,
            )
            self.owned = True
        try:
            ray.init(**options)
            self._entered = True
        except Exception as error:
            self.owned = False
            where = f"the Ray cluster at {self.address}" if self.address else "Ray on this machine"
            advice = (
                "Check the address, and that RAY_AUTH_TOKEN is the cluster's."
                if self.address
                else "Check free memory and disk space, then try again."
            )
            raise HostUnavailable(f"Cannot use {where}: {_line(error, 0)} {advice}") from None

    def stop(self) -> None:
        """End Ray if it was started here, and remove what it left on the disk; else leave it."""
        ray = import_ray()
        if not self._entered or not ray.is_initialized():
            return
        folder = Path(ray._private.worker.global_worker.node.get_session_dir_path())
        ray.shutdown()
        if self.owned:
            shutil.rmtree(folder, ignore_errors=True)
        self.owned = self._entered = False

    def running_host(self) -> RunningHost:
        """How another process joins this Ray, once it is started."""
        address: str = import_ray().get_runtime_context().gcs_address
        return RunningHost(
            address=address,
            token=os.environ.get("RAY_AUTH_TOKEN", ""),
            pid=os.getpid(),
            local=self.owned or self._local,
        )


def may_join(host: RunningHost) -> bool:
    """Whether this process can still take on the host's token: Ray reads it once."""
    return "ray" not in sys.modules or os.environ.get("RAY_AUTH_TOKEN") == host.token


def _must_answer(address: str) -> None:
    """Ray itself would try for a minute, and complain on the terminal, before it gave up."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or "/" in host:
        return  # "auto" and the like: Ray knows what to do
    try:
        socket.create_connection((host, int(port)), timeout=ANSWERS_WITHIN_SECONDS).close()
    except OSError as error:
        raise HostUnavailable(
            f"No Ray cluster answers at {address} ({error}). Check the address, and that the "
            "cluster is up."
        ) from None


def _silence(ray: ModuleType) -> None:
    """Ray prints the deaths of actors on the terminal, whatever its log settings; callers here
    learn of them by an error, so they go to the log."""
    worker = ray._private.worker
    worker.print_to_stdstream = lambda data, **_: logger.debug("ray: %s", data.get("lines"))


def translate(error: BaseException, doing: str) -> StillfixedError:
    """What a caller sees instead of one of Ray's errors.

    A task error is a fault in our own code and is not retried; everything else means that nobody
    knows whether the call was carried out, which a retry with the same request id settles.
    """
    exceptions = import_ray().exceptions
    if isinstance(error, StillfixedError):
        return error
    if isinstance(error, exceptions.AuthenticationError):
        return HostUnavailable(
            f"Ray refused the token ({doing}). Set RAY_AUTH_TOKEN to the cluster's token."
        )
    task_error = isinstance(error, exceptions.RayTaskError)
    if task_error and not isinstance(error, exceptions.RayActorError):
        # The text is a traceback of the other process; its last line says what went wrong.
        return HostError(f"The session host failed ({doing}): {_line(error, -1)}")
    return SessionUnavailable(
        f"The session host does not answer ({doing}): it died or was lost. Ask again with the same "
        "request id; nothing is done twice."
    )


def _line(error: BaseException, number: int) -> str:
    lines = str(error).strip().splitlines()
    return lines[number] if lines else type(error).__name__


def _read_token_again(ray: ModuleType) -> None:
    """If somebody imported Ray before there was a token, Ray remembers that there was none."""
    ray._raylet.Config.initialize("")
    ray._raylet.AuthenticationTokenLoader.instance().reset_cache()
