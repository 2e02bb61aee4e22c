"""The server: its socket, its log, and connections that do not wait for ever."""

import asyncio
import copy
import socket
from contextlib import ExitStack
from functools import partial
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.config import LOGGING_CONFIG
from uvicorn.protocols.http.h11_impl import H11Protocol

from tagging.serve.errors import ServeError
from tagging.serve.limits import Limits

HEAD_S = 10.0  # from a connection, or from an answer, to the end of the next request's head
DOWNLOAD_S = 600.0  # for an answer, in addition to its work
CONNECTIONS = 256  # at once
BACKLOG = 128  # connections that wait until the server takes them
HEAD_BYTES = 2**14
_GRACE_S = 5


class BoundedProtocol(H11Protocol):
    """HTTP/1.1 for clients that may be slow on purpose: uvicorn itself limits only idle connections.

    Args:
        most_s: from the head of a request to the end of its answer.
    """

    def __init__(self, *args: Any, most_s: float, **options: Any) -> None:
        super().__init__(*args, **options)
        self._most_s, self._was_busy = most_s, False
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS:
            transport.abort()
        self._start()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._is_busy != self._was_busy:
            self._start()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._start()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop()

    @property
    def _is_busy(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _start(self) -> None:
        self._stop()
        self._was_busy = self._is_busy
        if not self.transport.is_closing():
            seconds = self._most_s if self._was_busy else HEAD_S
            self._timer = self.loop.call_later(seconds, self.transport.abort)

    def _stop(self) -> None:
        if self._timer:
            self._timer.cancel()


def bound_socket(host: str, port: int) -> socket.socket:
    """A socket that has its address, and does not listen yet.

    Args:
        host: name or address, IPv4 or IPv6.
        port: 0: any that is free.

    Raises:
        ServeError: the address is not to be had.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with ExitStack() as stack:
            listener = stack.enter_context(socket.socket(family, kind, protocol))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            stack.pop_all()
    except OSError as error:
        raise ServeError(
            f"expected a free address, received {host} port {port}: {error.strerror}; choose another --port (0: any "
            "that is free) or --host"
        ) from error
    return listener


def url_of(listener: socket.socket) -> str:
    """Where it can be reached."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run_server(app: ASGIApp, listener: socket.socket, limits: Limits, *, quiet: bool) -> None:
    """Answer until SIGINT or SIGTERM, and then what has come in by then."""
    config = uvicorn.Config(
        app,
        http=partial(BoundedProtocol, most_s=2 * limits.timeout_s + DOWNLOAD_S),  # type: ignore[arg-type]
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=_log_config(),
        access_log=not quiet,
        server_header=False,
        headers=[("X-Content-Type-Options", "nosniff")],
        h11_max_incomplete_event_size=HEAD_BYTES,
        backlog=BACKLOG,
        timeout_graceful_shutdown=round(2 * limits.timeout_s) + _GRACE_S,
    )
    try:
        uvicorn.Server(config).run(sockets=[listener])
    except KeyboardInterrupt:  # uvicorn raises its signal again when it is done
        return


def _log_config() -> dict[str, Any]:
    """Requests and errors, on stderr."""
    config = copy.deepcopy(LOGGING_CONFIG)
    config["formatters"]["access"]["fmt"] = '%(asctime)s %(client_addr)s "%(request_line)s" %(status_code)s'
    config["handlers"]["access"]["stream"] = "ext://sys.stderr"
    config["loggers"]["uvicorn.error"]["level"] = "WARNING"
    return config
