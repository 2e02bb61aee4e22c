"""Cleans clips on the workers of a Dask cluster, which write into the clean folder that all machines share."""

import os
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from foundation.cluster import Cluster, ClusterError, WorkerKilled, check_shared, shared_mark
from preprocessing.clip import clean_clips
from preprocessing.rows import ClipRow, ClipTask
from preprocessing.settings import CleaningSettings


class _Message(NamedTuple):
    """What a worker is given: some clips."""

    numbers: list[int]
    tasks: list[ClipTask]
    settings: CleaningSettings
    mark: Path


def on_cluster(
    cluster: Cluster, settings: CleaningSettings, todo: dict[int, ClipTask], chunk: int
) -> Generator[list[ClipRow], None, list[int]]:
    """`pool.Workers` of a cluster, after the cluster and their settings.

    Raises:
        ClusterError: a worker that does not see the raw clips or the clean folder.
    """
    numbers, suspects = list(todo), list[int]()
    with shared_mark(_folder_of(todo)) as mark:
        messages = (
            _Message(part, [_absolute(todo[number]) for number in part], settings, mark)
            for part in (numbers[i : i + chunk] for i in range(0, len(numbers), chunk))
        )
        for message, rows in cluster.done(_clean, messages, None if chunk > 1 else 1):
            if isinstance(rows, WorkerKilled):
                suspects += message.numbers
                continue
            _check_seen(message.tasks, rows)
            for number in message.numbers:
                del todo[number]
            yield rows
    return suspects


def _clean(message: _Message) -> list[ClipRow]:
    """In a worker."""
    check_shared(message.mark)
    return clean_clips(message.tasks, message.settings)


def _folder_of(todo: dict[int, ClipTask]) -> Path:
    """The clean folder, or the part of it where all of the clips go."""
    folder = Path(os.path.commonpath([os.path.abspath(task.target.parent) for task in todo.values()]))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _absolute(task: ClipTask) -> ClipTask:
    """Workers have current folders of their own."""
    return replace(task, source=Path(os.path.abspath(task.source)), target=Path(os.path.abspath(task.target)))


def _check_seen(tasks: list[ClipTask], rows: list[ClipRow]) -> None:
    for task, row in zip(tasks, rows, strict=True):
        if row.status == "missing" and task.source.exists():
            raise ClusterError(
                f"a Dask worker does not see {task.source}, which is there on this machine: raw clips have to be in a "
                "folder that all machines share, under the same path"
            )
