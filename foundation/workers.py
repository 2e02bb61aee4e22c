"""Threads whose results come in the order of what they work on, and that do not keep an interrupted command waiting."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_HERE = threading.local()


class Stopped(Exception):  # noqa: N818  nothing is wrong
    """The work of this thread is no longer wanted."""


class Workers(ThreadPoolExecutor):
    """`jobs` threads, as a context.

    Where an exception ends its block, what has not begun is left out, and what has begun ends at its next
    `check_wanted`.
    """

    def __init__(self, jobs: int) -> None:
        self._stop = threading.Event()
        super().__init__(jobs, initializer=_enter, initargs=(self._stop,))
        self._most = jobs + 1  # one more waits

    def in_order(self, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """The result of each item; items are taken only shortly before their turn, so there may be any number."""
        waiting, running = iter(items), deque[Future[Result]]()
        while True:
            running.extend(self.submit(work, item) for item in islice(waiting, self._most - len(running)))
            if not running:
                return
            yield running.popleft().result()

    def __exit__(self, kind: type[BaseException] | None, *error: Any) -> None:
        if kind is not None:
            self._stop.set()
        self.shutdown(cancel_futures=kind is not None)


def check_wanted() -> None:
    """Raises Stopped in a thread of `Workers` whose block has ended; long work calls it now and then."""
    stop = getattr(_HERE, "stop", None)
    if stop is not None and stop.is_set():
        raise Stopped


@contextmanager
def stopped_by(stop: threading.Event) -> Iterator[None]:
    """In the block, `check_wanted` of this thread raises once the event is set."""
    before = getattr(_HERE, "stop", None)
    _HERE.stop = stop
    try:
        yield
    finally:
        _HERE.stop = before


def _enter(stop: threading.Event) -> None:
    _HERE.stop = stop
