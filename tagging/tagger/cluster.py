"""Whole clips through networks on the workers of a Dask cluster, each of which loads the models once."""

import os
import pickle
import socket
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from foundation.cluster import Cluster, ClusterError, WorkerKilled
from preprocessing.sound_files import FileSound
from tagging.cli import backend
from tagging.runs.run import Run
from tagging.tagger.network import WindowNetwork, saved_network
from tagging.tagger.whole_clips import Found, found_of_group

_LOADED: dict[bytes, list[WindowNetwork]] = {}
"""In a worker: the networks of the runs that it was last asked for."""
_LOADING = threading.Lock()


class _Message(NamedTuple):
    """What a worker is given: some clips, which share batches."""

    runs: list[Run]
    paths: list[Path]


class _Answer(NamedTuple):
    """What it makes of them, and which files are not there for it."""

    found: list[Found]
    unseen: list[Path]
    host: str


def groups_on_cluster(
    cluster: Cluster, runs: Sequence[Run], groups: Iterable[Sequence[FileSound]]
) -> Iterator[list[Found]]:
    """As `whole_clips.found_of_groups`, by the workers of a cluster.

    Raises:
        ClusterError: a worker that does not see the clips, or workers that die of one.
    """
    message = partial(_Message, [_absolute(run) for run in runs])
    messages = (message([Path(os.path.abspath(sound.path)) for sound in group]) for group in groups)
    try:
        for answer in cluster.in_order(_answer, messages):
            if seen := [path for path in answer.unseen if path.exists()]:
                raise ClusterError(
                    f"the Dask worker on {answer.host} does not see {seen[0]}, which is there on this machine: files "
                    "have to be in a folder that all machines share, under the same path"
                )
            yield answer.found
    except WorkerKilled:
        raise ClusterError(
            "expected Dask workers that live, but several died of the same group of files (out of memory?): give them "
            "more memory, or leave out very long files"
        ) from None


def _answer(message: _Message) -> _Answer:
    """In a worker."""
    networks = _networks(message.runs)
    unseen = [path for path in message.paths if not path.exists()]
    found = found_of_group(networks, [FileSound(path) for path in message.paths])
    return _Answer(found, unseen, socket.gethostname())


def _networks(runs: list[Run]) -> list[WindowNetwork]:
    key = pickle.dumps(runs)
    with _LOADING:
        if key not in _LOADED:
            backend.quiet_tensorflow(1, calls_apart=True)
            _LOADED.clear()
            _LOADED[key] = [saved_network(run) for run in runs]
        return _LOADED[key]


def _absolute(run: Run) -> Run:
    """Workers have current folders of their own. Published networks have no folder, but a file of weights."""
    if run.path.is_dir():
        return replace(run, path=Path(os.path.abspath(run.path)))
    weights = Path(run.config.model.weights)
    if not weights.is_file():
        return run
    model = replace(run.config.model, weights=os.path.abspath(weights))
    return replace(run, config=replace(run.config, model=model))
