"""Pools of threads that do not keep an interrupted command waiting."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

_HERE = threading.local()


class Stopped(Exception):  # noqa: N818  nothing is wrong
    """The work of this thread is no longer wanted."""


@contextmanager
def workers(jobs: int) -> Iterator[ThreadPoolExecutor]:
    """A pool of `jobs` threads. Where an exception ends the block, what has not begun is left out.

    What has begun ends at its next `check_wanted`.
    """
    stop = threading.Event()
    with ThreadPoolExecutor(jobs, initializer=_enter, initargs=(stop,)) as pool:
        try:
            yield pool
        except BaseException:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def check_wanted() -> None:
    """Raises Stopped in a thread of `workers` whose block has ended; long work calls it now and then."""
    stop = getattr(_HERE, "stop", None)
    if stop is not None and stop.is_set():
        raise Stopped


def _enter(stop: threading.Event) -> None:
    _HERE.stop = stop
