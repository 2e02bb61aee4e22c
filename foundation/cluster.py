"""Workers of a Dask cluster, which may be on other machines. Dask is imported only where it is asked for."""

import logging
import os
import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from foundation.errors import UserError
from foundation.parts import part_of

Item = TypeVar("Item")
Result = TypeVar("Result")

ADDRESS = "DASK_SCHEDULER_ADDRESS"
_INSTALL = "pip install -r requirements-dask.txt (in a checkout: pip install -e .[dask])"
_AHEAD = 4  # items a thread, so that no worker waits for the network
_AHEAD_LEAST = 64  # where few workers are there yet: a cluster that grows on demand sees that there is work
_LOOK_S = 5.0  # between two looks at who is there


class ClusterError(UserError):
    """A cluster that cannot do the work; the message is one line for the user."""


class WorkerKilled(Exception):  # noqa: N818  Dask's name of it is KilledWorker
    """Every worker that was given an item has died of it, or with it."""


class Cluster:
    """The workers behind a scheduler; made by `opened`.

    Dask gives what a worker had to others when it dies. Only an item that several workers have died with is given up.

    Args:
        client: of `distributed`.
    """

    def __init__(self, client: Any) -> None:
        self._client, self._address = client, client.scheduler.address
        self._threads, self._looked_s, self._is_told = 0, -_LOOK_S, False

    def done(
        self, work: Callable[[Item], Result], items: Iterable[Item], ahead: int | None = None
    ) -> Iterator[tuple[Item, Result | WorkerKilled]]:
        """Each item with its result, in the order they get done.

        Args:
            work: a function of a module, which workers import.
            items: taken only shortly before their turn.
            ahead: how many may be with the workers at a time; None: as many as keep them busy.

        Raises:
            ClusterError: a scheduler or workers that cannot import the program, or a scheduler that is gone.
            Exception: what `work` raises.
        """
        waiting, running = iter(items), dict[Any, Item]()
        while True:
            n_more = max(0, (ahead or self._ahead()) - len(running))  # a cluster may shrink
            for item in islice(waiting, n_more):
                running[self._submit(work, item)] = item
            if not running:
                return
            for future in self._wait(list(running)):
                yield running.pop(future), self._result(future)

    def in_order(self, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """The result of each item, in the order of the items; arguments and errors as above.

        Raises:
            WorkerKilled: for an item that workers die of.
        """
        waiting, running = iter(items), deque[Any]()
        while True:
            n_more = max(0, self._ahead() - len(running))  # a cluster may shrink
            running.extend(self._submit(work, item) for item in islice(waiting, n_more))
            if not running:
                return
            future = running.popleft()
            self._wait([future])
            result = self._result(future)
            if isinstance(result, WorkerKilled):
                raise result
            yield result

    def _submit(self, work: Callable, item: Any) -> Any:
        with self._scheduler():
            return self._client.submit(work, item, pure=False)

    def _ahead(self) -> int:
        self._look()
        return max(_AHEAD * self._threads, _AHEAD_LEAST)

    def _look(self) -> None:
        """Now and then: how many threads there are, and a line where there are none."""
        if time.monotonic() - self._looked_s < _LOOK_S:
            return
        self._looked_s = time.monotonic()
        with self._scheduler():
            self._threads = sum(self._client.nthreads().values())
        if not self._threads and not self._is_told:
            print(
                f"no Dask worker at {self._address} (dask worker ADDRESS starts one): waiting",
                file=sys.stderr,
            )
        self._is_told = not self._threads

    def _wait(self, futures: list[Any]) -> list[Any]:
        """Those that are done, once there are any."""
        from distributed import wait  # noqa: PLC0415

        while True:
            try:
                with self._scheduler():
                    return list(wait(futures, timeout=_LOOK_S, return_when="FIRST_COMPLETED").done)
            except TimeoutError:
                self._look()

    def _result(self, future: Any) -> Any:
        from distributed import KilledWorker  # noqa: PLC0415

        try:
            with self._scheduler():
                return future.result()
        except KilledWorker:
            return WorkerKilled()
        except (ImportError, RuntimeError) as error:
            if isinstance(error, RuntimeError) and "deserializ" not in str(error):
                raise
            reason = str(error).partition(".")[0]
            raise ClusterError(
                f"expected this program where the Dask scheduler and its workers run, received {reason}: install it "
                "there (pip install -e .), in the same version"
            ) from error

    @contextmanager
    def _scheduler(self) -> Iterator[None]:
        """Raises ClusterError where it goes in the block."""
        from distributed.comm import CommClosedError  # noqa: PLC0415

        try:
            yield
        except (CancelledError, CommClosedError) as error:
            raise ClusterError(
                f"the Dask scheduler at {self._address} is gone: start it, then run this again; what is finished is "
                "kept"
            ) from error


@contextmanager
def opened(address: str | None) -> Iterator[Cluster]:
    """The cluster of a scheduler; None: the environment variable `DASK_SCHEDULER_ADDRESS` has its address.

    Raises:
        ClusterError: Dask is not installed, no address is known, or nobody answers there.
    """
    address = address or os.environ.get(ADDRESS)
    if not address:
        raise ClusterError(
            f"expected the address of a Dask scheduler in parallel.address or {ADDRESS}, received none: dask scheduler "
            "starts one and prints it"
        )
    try:
        from distributed import Client  # noqa: PLC0415
    except ImportError as error:
        raise ClusterError(f"parallel.backend=dask needs Dask ({error}): {_INSTALL}") from error
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # errors are told in one line here
    try:
        client = Client(address, timeout=10)
    except (OSError, TimeoutError, ValueError) as error:
        raise ClusterError(
            f"expected a Dask scheduler at {address}, received no answer ({type(error).__name__}): dask scheduler "
            "starts one and prints its address"
        ) from error
    with client:
        yield Cluster(client)


@contextmanager
def shared_mark(folder: Path) -> Iterator[Path]:
    """A file in a folder for the time of the block, by which workers tell whether they see the same folder."""
    mark = part_of(Path(os.path.abspath(folder)) / uuid4().hex)
    mark.touch()
    try:
        yield mark
    finally:
        mark.unlink(missing_ok=True)


def check_shared(mark: Path) -> None:
    """In a worker: raises ClusterError where the folder of a `shared_mark` is not seen."""
    if not mark.exists():
        raise ClusterError(
            f"the Dask worker on {socket.gethostname()} does not see {mark.parent} as this machine does: clips and "
            "outputs have to be in a folder that all machines share, under the same path"
        )
