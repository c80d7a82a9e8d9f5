"""Every error that connecting over SSH can raise reaches a caller as one of ours."""

import errno
import inspect
import socket

import asyncssh
import pytest

from stillfixed.actors.errors import (
    EndpointError,
    EndpointUnreachable,
    HostKeyRefused,
    LoginRefused,
)
from stillfixed.connectors.endpoints.ssh_channel import ExecChannel
from stillfixed.connectors.endpoints.ssh_errors import Attempt, setup_error
from stillfixed.connectors.endpoints.ssh_host_keys import HostKeys
from stillfixed.connectors.endpoints.ssh_login import parse_address

KEYS = HostKeys.read(["/no/such"], "box.example.org", 2222, None)
ATTEMPT = Attempt("box", "box.example.org", 2222, "anna", KEYS)

FOREIGN = sorted(
    {cls for cls in vars(asyncssh).values() if inspect.isclass(cls) and issubclass(cls, Exception)},
    key=lambda cls: cls.__name__,
)

EXPECTED: list[tuple[Exception, type[EndpointError]]] = [
    (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), EndpointUnreachable),
    (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), EndpointUnreachable),
    (ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"), EndpointUnreachable),
    (OSError(errno.EHOSTUNREACH, "No route to host"), EndpointUnreachable),
    (OSError(errno.ENETUNREACH, "Network is unreachable"), EndpointUnreachable),
    (OSError("Multiple exceptions: [Errno 111] Connect call failed"), EndpointUnreachable),
    (TimeoutError(), EndpointUnreachable),
    (asyncssh.ConnectionLost("Connection lost"), EndpointUnreachable),
    (asyncssh.ChannelOpenError(2, "Connection refused"), EndpointUnreachable),
    (asyncssh.ProtocolError("no banner"), EndpointUnreachable),
    (asyncssh.ProtocolNotSupported("SSH-1.5"), EndpointUnreachable),
    (asyncssh.KeyExchangeFailed("No matching encryption algorithm found"), EndpointUnreachable),
    (asyncssh.KeyExchangeFailed("No matching host key algorithm found"), EndpointUnreachable),
    (asyncssh.HostKeyNotVerifiable("Host key is revoked for host box"), HostKeyRefused),
    (asyncssh.HostKeyNotVerifiable("Host CA key is not trusted for host box"), HostKeyRefused),
    (asyncssh.PermissionDenied("Permission denied"), LoginRefused),
    (asyncssh.IllegalUserName("anna"), LoginRefused),
    (asyncssh.DisconnectError(2, "Too many authentication failures"), LoginRefused),
    (asyncssh.PasswordChangeRequired("", ""), LoginRefused),
]


@pytest.mark.parametrize(("error", "ours"), EXPECTED, ids=lambda value: repr(value)[:60])
def test_an_error_of_connecting_becomes_the_right_one_of_ours(
    error: Exception, ours: type[EndpointError]
) -> None:
    """The message names the endpoint and ends as a sentence with something to do."""
    said = ATTEMPT.error(error)
    assert type(said) is ours
    assert said.message.startswith("box: ")
    assert "box.example.org" in said.message


@pytest.mark.parametrize("cls", FOREIGN, ids=lambda cls: cls.__name__)
def test_no_error_of_asyncssh_reaches_a_caller(cls: type[Exception]) -> None:
    """Whatever class it is: also those that connecting is not known to raise today."""
    error = cls.__new__(cls)
    if isinstance(error, asyncssh.Error):
        asyncssh.Error.__init__(error, 2, "reason")
    assert isinstance(ATTEMPT.error(error), EndpointError)
    assert isinstance(setup_error("box", error), EndpointError)


def test_an_error_of_ours_stays_what_it_is() -> None:
    """A jump host's error is not wrapped a second time."""
    error = LoginRefused("box: no.")
    assert ATTEMPT.error(error) is error


@pytest.mark.parametrize(
    ("error", "ours", "says"),
    [
        (asyncssh.KeyEncryptionError("Incorrect passphrase"), LoginRefused, "ssh-add"),
        (asyncssh.KeyImportError("Passphrase must be specified"), LoginRefused, "ssh-add"),
        (asyncssh.ConfigParseError("line 3: bad port"), EndpointError, "line 3: bad port"),
        (PermissionError(13, "Permission denied", "/keys/a"), EndpointError, "/keys/a"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_is_wrong_on_this_side_says_where(
    error: Exception, ours: type[EndpointError], says: str
) -> None:
    """A key, a config or a file that cannot be used is named."""
    said = setup_error("box", error)
    assert type(said) is ours
    assert says in said.message


@pytest.mark.parametrize(
    ("text", "host", "user", "port"),
    [
        ("box", "box", None, None),
        ("anna@box.example.org:2222", "box.example.org", "anna", 2222),
        ("10.0.0.7:22", "10.0.0.7", None, 22),
        ("fe80::1", "fe80::1", None, None),
        ("anna@[fe80::1]:2222", "fe80::1", "anna", 2222),
        ("first@last@box", "box", "first@last", None),
        (r"CORP\anna@box", "box", r"CORP\anna", None),
    ],
)
def test_an_address_is_read(text: str, host: str, user: str | None, port: int | None) -> None:
    """An alias, or user@host:port; users of a directory can have an @ of their own."""
    address = parse_address(text, "box")
    assert (address.host, address.user, address.port) == (host, user, port)


@pytest.mark.parametrize("text", ["", "a b", "box:ssh", "box:99999", "@box", "ssh://box"])
def test_what_is_no_address_is_refused(text: str) -> None:
    """The message shows what an address looks like."""
    with pytest.raises(EndpointError, match="user@host:port"):
        parse_address(text, "box")


def test_the_private_names_of_asyncssh_that_are_used_exist() -> None:
    """A new asyncssh that moves one of them fails here first."""
    for name in (
        "_open",
        "_deliver_data",
        "_process_exit_status_request",
        "_send_request",
        "send_packet",
        "write_eof",
    ):
        assert callable(getattr(asyncssh.SSHClientChannel, name)), name
    for name in ("_update_recv_pktlen", "_send"):
        assert callable(getattr(asyncssh.SSHClientConnection, name)), name
    source = inspect.getsource(inspect.getmro(asyncssh.SSHClientChannel)[1])
    for name in (
        "_request_waiters",
        "_recv_window",
        "_recv_state",
        "_recv_paused",
        "_session",
        "_conn",
    ):
        assert f"self.{name}" in source, name
    assert ExecChannel._process_exit_status_request is not (
        asyncssh.SSHClientChannel._process_exit_status_request
    )
