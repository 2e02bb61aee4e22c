"""Threads that keep the order of their work; those of an interrupted command end soon."""

import threading
import time
from concurrent.futures import Future
from contextlib import suppress
from itertools import count

import pytest

from foundation.workers import Stopped, Workers, check_wanted, stopped_by


def work_until_stopped(begun: list[float]) -> None:
    begun.append(time.monotonic())
    while time.monotonic() < begun[0] + 60:
        check_wanted()
        time.sleep(0.01)


def interrupted(begun: list[float]) -> list[Future]:
    """Five pieces of work for two threads, interrupted once both are busy."""
    futures: list[Future] = []
    with suppress(KeyboardInterrupt), Workers(2) as pool:
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
    with Workers(2) as pool:
        assert list(pool.map(lambda number: (check_wanted(), number)[1], range(5))) == list(range(5))
    check_wanted()  # a thread of no pool


def test_results_come_in_the_order_of_the_items():
    def work(seconds: float) -> float:
        time.sleep(seconds)
        return seconds

    items = [0.02, 0.0, 0.01, 0.0]
    with Workers(2) as workers:
        assert list(workers.in_order(work, items)) == items


@pytest.mark.parametrize("jobs", [1, 3])
def test_items_are_taken_when_their_turn_is_near(jobs):
    taken = []

    def items():
        for item in count():
            taken.append(item)
            yield item

    with Workers(jobs) as workers:
        results = workers.in_order(lambda item: item, items())
        assert [next(results), next(results)] == [0, 1]
    assert len(taken) == jobs + 2


def test_an_error_comes_in_its_place():
    with Workers(2) as workers:
        results = workers.in_order(lambda item: 1 // item, [1, 0, 1])
        assert next(results) == 1
        with pytest.raises(ZeroDivisionError):
            next(results)


def test_an_event_ends_the_work_of_a_thread_of_its_own():
    stop = threading.Event()
    with stopped_by(stop):
        check_wanted()
        stop.set()
        with pytest.raises(Stopped):
            check_wanted()
    check_wanted()
