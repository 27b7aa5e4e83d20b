"""Servers on this machine that behave as cameras do: they pace, break off, fall silent, return."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from patience import HANG

_HEADER = b"HTTP/1.0 200 OK\r\nContent-Type: video/mp2t\r\n"
PIECES = 50  # that a paced answer is sent in


@dataclass(frozen=True)
class Act:
    """What happens on one connection.

    Attributes:
        content: bytes sent.
        seconds: that sending them takes.
        silence: then nothing for so long, or until the test is over.
        sent: share of the content that is sent before the connection ends.
        length: whether the header says how many bytes there are.
        after: seconds before this connection is accepted.
    """

    content: bytes = b""
    seconds: float = 0.0
    silence: float = 0.0
    length: bool = False
    sent: float = 1.0
    after: float = 0.0


@dataclass
class Server:
    """Plays one act for each connection; when all are played it refuses."""

    acts: list[Act]
    address: str = ""
    num_connections: int = 0
    stop: threading.Event = field(default_factory=threading.Event)
    sat_out: list[Act] = field(default_factory=list)  # whose silence nobody ended
    threads: list[threading.Thread] = field(default_factory=list)


@contextlib.contextmanager
def serving(*acts: Act) -> Iterator[Server]:
    """An HTTP server; its address is that of the stream."""
    server = Server(list(acts))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)
        server.address = f"http://127.0.0.1:{listening.getsockname()[1]}/live.ts"
        thread = threading.Thread(target=_serve, args=(server, listening))
        thread.start()
        try:
            yield server
        finally:
            server.stop.set()
            for one in (thread, *server.threads):
                one.join()


def _serve(server: Server, listening: socket.socket) -> None:
    for act in server.acts:
        server.stop.wait(act.after)
        connection = _accepted(server, listening)
        if connection is None:
            return
        server.num_connections += 1
        thread = threading.Thread(target=_play, args=(act, connection, server))
        thread.start()
        server.threads.append(thread)
    listening.close()


def _accepted(server: Server, listening: socket.socket) -> socket.socket | None:
    while not server.stop.is_set():
        with contextlib.suppress(TimeoutError):
            return listening.accept()[0]
    return None


def _play(act: Act, connection: socket.socket, server: Server) -> None:
    with connection, contextlib.suppress(OSError):
        _send(act, connection, server)


def _send(act: Act, connection: socket.socket, server: Server) -> None:
    connection.settimeout(HANG)
    connection.recv(4096)
    length = f"Content-Length: {len(act.content)}\r\n".encode() if act.length else b""
    connection.sendall(_HEADER + length + b"\r\n")
    begin = time.monotonic()
    for piece in range(round(PIECES * act.sent)):
        due = begin + act.seconds * piece / PIECES
        server.stop.wait(max(0.0, due - time.monotonic()))
        part = slice(len(act.content) * piece // PIECES, len(act.content) * (piece + 1) // PIECES)
        connection.sendall(act.content[part])
    if act.silence and not server.stop.wait(act.silence):
        server.sat_out.append(act)


def free_port() -> int:
    """One that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])
