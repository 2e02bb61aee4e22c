"""Cleans clips in this process or in several, a few chunks ahead, so that memory stays small."""

import itertools
import multiprocessing
import os
import signal
import threading
from collections.abc import Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

from preprocessing.clip import ClipRow, ClipTask, clean_clips
from preprocessing.folder import CleanFolderError
from preprocessing.settings import CleaningSettings

CHUNK = 8  # clips a message: a second of work or less, so that little is lost or waited for
CHUNKS_AHEAD = 3  # a worker


def clean_all(
    tasks: list[ClipTask], settings: CleaningSettings, jobs: int
) -> Generator[list[ClipRow], None, None]:
    """Rows of the clips, chunk by chunk, in the order they get done; one job works in this process."""
    chunks = [tasks[i : i + CHUNK] for i in range(0, len(tasks), CHUNK)]
    jobs = min(jobs, len(chunks))
    if jobs <= 1:
        yield from (clean_clips([task], settings) for task in tasks)
    else:
        yield from _in_processes(chunks, settings, jobs)


def _in_processes(
    chunks: list[list[ClipTask]], settings: CleaningSettings, jobs: int
) -> Generator[list[ClipRow], None, None]:
    # "spawn": forking a process that has threads (TensorFlow's, soxr's) can hang it.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_prepare_worker)
    waiting = iter(chunks)
    running: set[Future] = set()
    try:
        while True:
            with _workers_ignore_interrupt():
                for chunk in itertools.islice(waiting, jobs * CHUNKS_AHEAD - len(running)):
                    running.add(pool.submit(clean_clips, chunk, settings))
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
    except BrokenProcessPool as error:
        raise CleanFolderError(
            "a worker process died (out of memory?): finished clips are kept; run it again with a smaller --jobs"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _prepare_worker() -> None:
    """Silences a worker (decoders write to stderr in C) and ends it with its parent, however that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with open(os.devnull, "w") as devnull:
        os.dup2(devnull.fileno(), 2)
    threading.Thread(target=_exit_with_parent, daemon=True).start()


def _exit_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def _workers_ignore_interrupt() -> Iterator[None]:
    """Processes started inside never see Ctrl-C, not even while they import; the parent sees it after."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
