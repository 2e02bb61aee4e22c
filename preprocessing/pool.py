"""Cleans clips in this process, in several, or on a cluster, a few chunks ahead, so that memory stays small."""

import itertools
import multiprocessing
import os
import signal
from collections.abc import Callable, Generator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from ctypes import c_bool
from functools import partial
from typing import Any

from foundation.cluster import opened
from foundation.parallel import ParallelSettings
from foundation.parts import remove_parts_of
from foundation.processes import end_with_parent, workers_ignore_interrupt
from preprocessing.clip import clean_clips
from preprocessing.cluster import on_cluster
from preprocessing.folder import CleanFolderError
from preprocessing.rows import ClipRow, ClipTask, refused, without_audio
from preprocessing.settings import CleaningSettings

CHUNK = 8  # clips a message: a second of work or less, so that little is lost or waited for
CHUNKS_AHEAD = 3  # a worker
KILLED = (
    "the process that read it was killed twice, this file alone in it the second time (out of memory?): "
    "leave it out, split it, or run again on a machine with more memory"
)
_at_work: Any = None
"""In a worker: for each clip of the pool 1 while it is being worked on, else 0; shared with the parent."""


Rows = Generator[list[ClipRow], None, list[int]]
"""Rows of clips by their numbers, which leave the dictionary as they get done; then the numbers of those that were
being worked on when a worker was killed."""

Workers = Callable[[dict[int, ClipTask], int], Rows]
"""Clips by their numbers, how many a worker is given at a time (1: no other clip is worked on meanwhile) -> rows."""


def clean_all(
    tasks: list[ClipTask],
    settings: CleaningSettings,
    jobs: int,
    parallel: ParallelSettings = ParallelSettings(),  # noqa: B008  frozen
) -> Generator[list[ClipRow], None, None]:
    """Rows of the clips, chunk by chunk, in the order they get done; one job works in this process.

    Where a worker is killed, the clips that were being worked on are tried again one by one; one that kills again is
    refused.

    Args:
        tasks: the clips.
        settings: how they are cleaned.
        jobs: processes; a cluster has as many workers as it has.
        parallel: what works.

    Raises:
        CleanFolderError: workers die before they begin.
        ClusterError: a cluster that cannot do it.
    """
    if not tasks:
        return
    jobs = min(jobs, -(-len(tasks) // CHUNK))
    if parallel.backend == "dask":
        with opened(parallel.address) as cluster:
            yield from _in_workers(tasks, partial(on_cluster, cluster, settings))
    elif jobs > 1:
        yield from _in_workers(tasks, partial(_in_processes, settings, jobs))
    else:
        yield from (clean_clips([task], settings) for task in tasks)


def _in_workers(tasks: list[ClipTask], workers: Workers) -> Generator[list[ClipRow], None, None]:
    """Rows of the clips; those that workers die of are refused."""
    todo = dict(enumerate(tasks))
    while todo:
        suspects = yield from _worked(workers, todo, CHUNK)
        alone = {number: todo.pop(number) for number in suspects}
        while alone:
            for number in (yield from _worked(workers, alone, 1)):
                task = alone.pop(number)
                yield [without_audio(task, refused(task, KILLED))]


def _worked(workers: Workers, todo: dict[int, ClipTask], chunk: int) -> Rows:
    """As `workers`; what is half written of the clips that a worker died of is removed."""
    suspects = yield from workers(todo, chunk)
    for number in suspects:
        remove_parts_of(todo[number].target)
    return suspects


def _in_processes(settings: CleaningSettings, jobs: int, todo: dict[int, ClipTask], chunk: int) -> Rows:
    """`Workers` of this machine, after their settings and their number."""
    jobs = jobs if chunk > 1 else 1
    # "spawn": forking a process that has threads (TensorFlow's, soxr's) can hang it.
    context = multiprocessing.get_context("spawn")
    at_work: Any = context.RawArray(c_bool, max(todo) + 1)  # no lock: a killed worker would never release it
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_prepare_worker, initargs=(at_work,))
    numbers = list(todo)
    waiting = iter([numbers[i : i + chunk] for i in range(0, len(numbers), chunk)])
    running: dict[Future, list[int]] = {}
    try:
        while True:
            with workers_ignore_interrupt():
                for part in itertools.islice(waiting, jobs * CHUNKS_AHEAD - len(running)):
                    running[pool.submit(_clean, part, [todo[number] for number in part], settings)] = part
            if not running:
                return []
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                rows = future.result()
                for number in running.pop(future):
                    del todo[number]
                yield rows
    except BrokenProcessPool as error:
        pool.shutdown()  # workers that are left have ended after it
        suspects = [number for number in todo if at_work[number]]
        if not suspects and len(todo) == len(numbers):
            raise CleanFolderError(
                "a worker process died before it began (out of memory?): finished clips are kept; run it again with a "
                "smaller --jobs"
            ) from error
        return suspects
    finally:
        pool.shutdown(cancel_futures=True)


def _clean(numbers: list[int], tasks: list[ClipTask], settings: CleaningSettings) -> list[ClipRow]:
    """In a worker: clean clips, and tell which one is at work."""
    rows = []
    for number, task in zip(numbers, tasks, strict=True):
        _at_work[number] = True
        rows += clean_clips([task], settings)
        _at_work[number] = False
    return rows


def _prepare_worker(at_work: Any) -> None:
    """Silences a worker (decoders write to stderr in C) and ends it with its parent, however that ends."""
    global _at_work  # noqa: PLW0603 (a worker is a process of its own)
    _at_work = at_work
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with open(os.devnull, "w") as devnull:
        os.dup2(devnull.fileno(), 2)
    end_with_parent()
