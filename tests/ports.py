"""Ports for servers that tests start."""

from __future__ import annotations

import socket

_held: list[socket.socket] = []


def free_port() -> int:
    """A port of the loopback address that no other process of this machine is given as long as this one lives.

    A port that was merely free a moment ago can be found free by two test processes before either server listens; then
    one test talks to the other's server. So it stays bound here, which a server that may reuse addresses does not mind.
    """
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    _held.append(holder)
    return int(holder.getsockname()[1])
