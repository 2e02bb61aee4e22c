"""Threads of an interrupted command: they end soon, and what has not begun never does."""

import time
from concurrent.futures import Future
from contextlib import suppress

from foundation.workers import Stopped, check_wanted, workers


def work_until_stopped(begun: list[float]) -> None:
    begun.append(time.monotonic())
    while time.monotonic() < begun[0] + 60:
        check_wanted()
        time.sleep(0.01)


def interrupted(begun: list[float]) -> list[Future]:
    """Five pieces of work for two threads, interrupted once both are busy."""
    futures: list[Future] = []
    with suppress(KeyboardInterrupt), workers(2) as pool:
        futures += [pool.submit(work_until_stopped, begun) for _ in range(5)]
        while len(begun) < 2:
            time.sleep(0.01)
        raise KeyboardInterrupt
    return futures


def test_an_interruption_ends_what_has_begun_and_cancels_the_rest():
    begun: list[float] = []
    futures = interrupted(begun)
    assert time.monotonic() - begun[0] < 20
    assert [future.cancelled() for future in futures] == [False, False, True, True, True]
    assert [type(future.exception()) for future in futures[:2]] == [Stopped, Stopped]


def test_work_is_done_where_nothing_happens():
    with workers(2) as pool:
        assert list(pool.map(lambda number: (check_wanted(), number)[1], range(5))) == list(range(5))
    check_wanted()  # a thread of no pool
