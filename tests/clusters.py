"""A real Dask cluster of two worker processes on this machine."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def two_workers() -> Iterator:
    """The cluster, whose workers are restarted where they die."""
    distributed = pytest.importorskip("distributed")
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=50
    )
    with cluster:
        yield cluster


def pids(cluster) -> list[int]:
    """Of the worker processes that there are now."""
    with cluster.get_client() as client:
        return list(client.run(_pid).values())


def _pid() -> int:
    import os

    return os.getpid()
