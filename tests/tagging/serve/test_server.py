"""Connections of clients that are slow on purpose, against a real server in a thread."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import uvicorn

from tagging.serve import server
from tagging.serve.server import bound_socket, run_server
from tests.tagging.serve.conftest import LIMITS

UPLOAD = b"POST /tag HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
HEALTH = b"GET /health HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture
def address(make, monkeypatch) -> Iterator[tuple[str, int]]:
    """Of a server that waits half a second for heads."""
    begun: list[uvicorn.Server] = []

    class Kept(uvicorn.Server):
        def __init__(self, config: uvicorn.Config) -> None:
            super().__init__(config)
            begun.append(self)

    monkeypatch.setattr(server, "HEAD_S", 0.5)
    monkeypatch.setattr(server, "CONNECTIONS", 4)
    monkeypatch.setattr("uvicorn.Server", Kept)
    listener = bound_socket("127.0.0.1", 0)
    host, port = listener.getsockname()
    thread = threading.Thread(target=run_server, args=(make(), listener, LIMITS), kwargs={"quiet": True})
    thread.start()
    while not (begun and begun[0].started):
        time.sleep(0.01)
    yield host, port
    begun[0].should_exit = True
    thread.join()


def closed_after(connection: socket.socket, piece: bytes) -> float:
    """Seconds until the server closes a connection on which this is sent again and again."""
    begin = time.monotonic()
    connection.settimeout(0.05)
    while time.monotonic() < begin + 10:
        try:
            connection.sendall(piece)
            if not connection.recv(4096):
                break
        except TimeoutError:
            continue
        except OSError:
            break
    connection.close()
    return time.monotonic() - begin


@pytest.mark.parametrize(
    "begin", [b"", HEALTH + b"X: ", UPLOAD % 10**12], ids=["no head", "part of it", "refused"]
)
def test_who_sends_no_whole_head_is_not_waited_for(address, begin):
    connection = socket.create_connection(address)
    connection.sendall(begin)
    assert 0.3 < closed_after(connection, b"a" if begin else b"") < 5


def is_closed(connection: socket.socket) -> bool:
    """Whether the server closes it at once."""
    connection.settimeout(0.3)
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True
    except TimeoutError:
        return False


def test_connections_are_counted(address):
    with ExitStack() as stack:
        waiting = [stack.enter_context(socket.create_connection(address)) for _ in range(8)]
        assert is_closed(waiting[7])
        time.sleep(0.6)
        connection = stack.enter_context(socket.create_connection(address))
        connection.sendall(HEALTH + b"\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")


def test_a_large_upload_is_refused_before_it_is_sent(address):
    with socket.create_connection(address) as connection, connection.makefile("rb") as answer:
        connection.sendall(UPLOAD % 10**12)
        head, _, body = answer.read().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 413")
    assert json.loads(body)["error"].startswith("expected an upload of at most 1 MB")
