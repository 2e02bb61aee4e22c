"""Work that is begun before its result is asked for."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def work_ahead(
    work: Callable[[Item], Result], items: Sequence[Item], jobs: int
) -> Iterator[tuple[Item, Future[Result]]]:
    """Each item with what `work` makes of it, in their order; `jobs` are worked on at a time, one more waits."""
    waiting, running = iter(items), deque[tuple[Item, Future[Result]]]()
    with ThreadPoolExecutor(jobs) as pool:
        while True:
            for item in islice(waiting, jobs + 1 - len(running)):
                running.append((item, pool.submit(work, item)))
            if not running:
                return
            yield running.popleft()
