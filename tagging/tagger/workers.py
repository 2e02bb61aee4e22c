"""Threads whose results come in the order of what they work on."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Workers(ThreadPoolExecutor):
    """`jobs` threads."""

    def __init__(self, jobs: int) -> None:
        super().__init__(jobs)
        self._most = jobs + 1  # one more waits

    def in_order(self, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """The result of each item; few items are taken before their turn, so that there may be any number of them."""
        waiting, running = iter(items), deque[Future[Result]]()
        while True:
            running.extend(self.submit(work, item) for item in islice(waiting, self._most - len(running)))
            if not running:
                return
            yield running.popleft().result()
