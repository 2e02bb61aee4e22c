"""Requests at work: so many at once, each for a limited time, and none for a client that has gone away."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from foundation.workers import Workers, stopped_by
from tagging.serve.limits import Limits

Result = TypeVar("Result")

RETRY_S = 2  # when a client may try again


class Desk:
    """Takes requests, and does their work in threads; all methods belong to the event loop.

    Args:
        workers: the threads.
        limits: of requests at once, and of the time.

    Attributes:
        busy: requests that have come in, and whose work has not ended.
    """

    def __init__(self, workers: Workers, limits: Limits) -> None:
        self._workers, self._limits, self.busy = workers, limits, 0

    @contextmanager
    def place(self) -> Iterator[None]:
        """A request has one of the places in the block.

        Raises:
            HTTPException: 503, none is free.
        """
        if self.busy >= self._limits.requests:
            raise HTTPException(
                503,
                f"{self.busy} requests are being worked on: try again",
                headers={"Retry-After": str(RETRY_S)},
            )
        self.busy += 1
        try:
            yield
        finally:
            self.busy -= 1

    async def do(self, request: Request, work: Callable[[], Result]) -> Result:
        """What `work` returns, which is done in a thread; it ends at its next `check_wanted` if nobody waits for it.

        Work that continues without its client keeps a place.

        Raises:
            HTTPException: 504, it takes too long; or what `work` raises.
            ClientDisconnect: the client has gone away.
        """
        stop = threading.Event()
        job = self._workers.submit(_stoppable, work, stop)
        done, gone = asyncio.wrap_future(job), asyncio.ensure_future(_gone(request))
        either: set[asyncio.Future] = {done, gone}
        try:
            await asyncio.wait(either, timeout=self._limits.timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if done.done():
                return done.result()
            if gone.done():
                raise ClientDisconnect
            raise HTTPException(504, f"expected less work: it was not done in {self._limits.timeout_s:g} s")
        finally:
            gone.cancel()
            stop.set()
            if not done.done() and not job.cancel():
                self.busy += 1
                done.add_done_callback(self._ended)

    def _ended(self, done: asyncio.Future) -> None:
        self.busy -= 1
        done.exception()  # is asked for, as asyncio reports exceptions that nobody sees


def _stoppable(work: Callable[[], Result], stop: threading.Event) -> Result:
    with stopped_by(stop):
        return work()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
