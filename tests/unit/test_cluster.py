"""Joining a Ray cluster: a wrong address is told at once."""

import socket

import pytest

from stillfixed.actors.errors import HostUnavailable
from stillfixed.actors.runtime.cluster import Cluster


def test_an_address_where_nothing_answers_is_an_error() -> None:
    """Before Ray is started or waited for, with the address in the message."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(HostUnavailable, match=address):
            Cluster(address).start()
