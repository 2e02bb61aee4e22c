"""Threads that keep the order of their work."""

import time
from itertools import count

import pytest

from tagging.tagger.workers import Workers


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
