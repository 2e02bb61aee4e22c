"""A Dask cluster as this program uses it, and what it says where there is none."""

import os
import signal
import sys
import time
from concurrent.futures import CancelledError

import pytest

from foundation.cluster import ADDRESS, ClusterError, WorkerKilled, check_shared, opened, shared_mark
from tests.clusters import two_workers


@pytest.fixture(scope="module")
def cluster():
    with two_workers() as cluster:
        yield cluster


def slow_first(number: int) -> int:
    time.sleep(0.3 if number == 0 else 0)
    return number


def deadly(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def fails(number: int) -> float:
    return 1 / number


def without_program(number: int) -> None:
    raise ModuleNotFoundError("No module named 'preprocessing'")


def test_results_come_as_they_get_done_or_in_order(cluster, monkeypatch):
    monkeypatch.setenv(ADDRESS, cluster.scheduler_address)
    with opened(None) as workers:
        found = dict(workers.done(slow_first, range(9)))
        assert found == {number: number for number in range(9)}
        assert list(workers.in_order(slow_first, range(9))) == list(range(9))
        with pytest.raises(ZeroDivisionError):
            list(workers.in_order(fails, [0]))
        with pytest.raises(ClusterError, match="expected this program where the Dask scheduler"):
            list(workers.done(without_program, [0]))


def test_a_cluster_that_shrinks_is_given_less(cluster, monkeypatch):
    """Items that more workers were given are waited for first."""
    with opened(cluster.scheduler_address) as workers:
        for run in (workers.done, workers.in_order):
            ahead = iter([6] + 20 * [2])
            monkeypatch.setattr(workers, "_ahead", lambda ahead=ahead: next(ahead))
            assert len(list(run(slow_first, range(9)))) == 9


def test_a_scheduler_that_goes_is_one_line(cluster, monkeypatch):
    def cancelled(*args, **options) -> None:
        raise CancelledError("64 Futures cancelled")

    monkeypatch.setattr("distributed.wait", cancelled)
    with (
        opened(cluster.scheduler_address) as workers,
        pytest.raises(ClusterError, match=r"the Dask scheduler at tcp://.* is gone: start it"),
    ):
        list(workers.done(slow_first, range(3)))


def test_an_item_that_workers_die_of_is_named_and_the_others_are_done(cluster):
    cluster.scheduler.allowed_failures = 0
    with opened(cluster.scheduler_address) as workers:
        found = dict(workers.done(deadly, range(6), ahead=1))
    assert isinstance(found.pop(3), WorkerKilled)
    assert found == {number: number for number in (0, 1, 2, 4, 5)}


def test_no_address_is_one_line(monkeypatch):
    monkeypatch.delenv(ADDRESS, raising=False)
    with pytest.raises(ClusterError, match=r"in parallel.address or DASK_SCHEDULER_ADDRESS, received none"):
        opened(None).__enter__()


def test_an_address_where_nobody_answers_is_one_line():
    with pytest.raises(ClusterError, match=r"expected a Dask scheduler at nowhere://x, received no answer"):
        opened("nowhere://x").__enter__()


def test_without_dask_a_line_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClusterError, match=r"needs Dask .*pip install -r requirements-dask.txt"):
        opened("tcp://127.0.0.1:8786").__enter__()


def test_a_folder_that_a_worker_does_not_see_is_one_line(tmp_path):
    with shared_mark(tmp_path) as mark:
        check_shared(mark)
    assert not list(tmp_path.iterdir())
    with pytest.raises(ClusterError, match=r"does not see .* as this machine does"):
        check_shared(mark)
