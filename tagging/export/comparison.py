"""An export and its run on the same clips."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tagging.export.about import About
from tagging.export.certificate import Certificate, Difference, largest
from tagging.export.clips import Clips, awkward_clips, own_clips, pieces_of
from tagging.export.graph import Graph
from tagging.export.registry import FLOAT32, Runtime
from tagging.inference.levels import level_db
from tagging.inference.windows import WindowLogits, average_windows
from tagging.tagger.windows import batch_size

TOLERANCE = 1e-4  # of scores, in float32; of regression relative to the largest value, where that is above 1
_ROUNDING = 10 * 2.0**-24  # relative: a transform of 1,024 points rounds ten times
_RANKS, _EQUAL = 5, 1e-6  # labels whose order is compared, and scores that count as equal in it
_TIMED_S, _MOST_CALLS = 2.0, 50


@dataclass(frozen=True)
class Outputs:
    """Of windows: (windows, classes) scores, and (windows, runs x classes) logits before calibration."""

    scores: np.ndarray
    logits: np.ndarray


def certify(
    graph: Graph, about: About, runtime: Runtime, form: str, size_bytes: int, awkward: Clips | None = None
) -> Certificate:
    """Compare a loaded export with its run.

    Args:
        graph: of the run.
        about: what the export says of itself.
        runtime: the export.
        form: name of its format.
        size_bytes: of its files.
        awkward: clips to compare on in place of `awkward_clips`.
    """
    own, awkward = own_clips(graph), awkward or awkward_clips(graph)
    pairs = [_both(graph, runtime, inputs) for inputs in own.inputs]
    cases = [_both(graph, runtime, inputs) for inputs in awkward.inputs]
    moved = [_moved(graph, inputs) for inputs in awkward.inputs]
    found = [replace(_difference([case]), rounding=move) for case, move in zip(cases, moved, strict=True)]
    by_name = dict(zip(awkward.names, found, strict=True))
    most = max([1.0, *(float(np.abs(run.scores).max()) for run, _ in (*pairs, *cases))])
    ms = _milliseconds(graph, runtime, (*own.inputs, *awkward.inputs)[0][:1])
    return Certificate(
        form,
        runtime.name,
        about.precision,
        len(own.names),
        _difference(pairs) if pairs else None,
        by_name,
        own.note,
        _metric(graph, own, pairs),
        (TOLERANCE if graph.kind.has_labels else TOLERANCE * most) if about.precision == FLOAT32 else None,
        size_bytes,
        ms,
        ms / about.window_s if about.window_s else None,
        runtime.not_built_in,
    )


def size_of(folder: Path, names: Sequence[str]) -> int:
    """Bytes of files."""
    return sum((folder / name).stat().st_size for name in names)


def _both(graph: Graph, runtime: Runtime, inputs: np.ndarray) -> tuple[Outputs, Outputs]:
    """What the run and the export make of the inputs of a clip."""
    return _by_run(graph, inputs), _by_export(graph, runtime, inputs)


def _by_run(graph: Graph, inputs: np.ndarray) -> Outputs:
    """As the tagger."""
    pieces, size = pieces_of(graph), batch_size(int(np.prod(graph.shape)))
    batches = [inputs[start : start + size] for start in range(0, len(inputs), size)]
    logits = [np.concatenate([network(pieces, batch)[0] for batch in batches]) for network in graph.networks]
    levels = [level_db(each) if graph.takes_audio else np.inf for each in inputs]
    scores, _ = graph.calibrated.scores(logits, np.array(levels), graph.floor_db)
    return Outputs(scores, np.concatenate(logits, axis=1))


def _moved(graph: Graph, inputs: np.ndarray) -> float:
    """How far the run's own scores move when its inputs are off by as much as a transform rounds.

    A front end takes logarithms of what is left where a loud sound cancels, so that they can move by more than the
    tolerance, and no other program can be nearer than that.
    """
    taken = np.asarray(pieces_of(graph).to_input(inputs), np.float32)
    size = np.nanmax(np.abs(taken)) * _ROUNDING
    noise = np.random.default_rng(0).uniform(-size, size, taken.shape).astype(np.float32)
    scores = []
    for each in (taken, taken + noise):
        logits = [network.step(each)[0].numpy() for network in graph.networks]
        scores.append(graph.calibrated.scores(logits, np.full(len(each), np.inf), graph.floor_db)[0])
    return float(np.abs(scores[0] - scores[1]).max())


def _by_export(graph: Graph, runtime: Runtime, inputs: np.ndarray) -> Outputs:
    taken = np.asarray(pieces_of(graph).to_input(inputs), np.float32)
    found = [runtime(each[None]) for each in taken]
    return Outputs(*(np.concatenate(part) for part in zip(*found, strict=True)))


def _difference(pairs: Sequence[tuple[Outputs, Outputs]]) -> Difference:
    return Difference(
        sum(len(run.scores) for run, _ in pairs),
        largest([float(np.abs(run.scores - export.scores).max()) for run, export in pairs]),
        largest([float(np.abs(run.logits - export.logits).max()) for run, export in pairs]),
        sum(_rank_changes(run.scores, export.scores) for run, export in pairs),
    )


def _rank_changes(run: np.ndarray, export: np.ndarray) -> int:
    """Rows of scores whose first labels differ in the scores that the run gives to them."""
    ours, theirs = (np.argsort(-scores, axis=1, kind="stable")[:, :_RANKS] for scores in (run, export))
    apart = np.take_along_axis(run, ours, axis=1) - np.take_along_axis(run, theirs, axis=1)
    return int((np.abs(apart) > _EQUAL).any(axis=1).sum())


def _metric(
    graph: Graph, own: Clips, pairs: Sequence[tuple[Outputs, Outputs]]
) -> tuple[str, float, float] | None:
    if own.targets is None or not pairs:
        return None
    values = []
    for which in (0, 1):
        scores = np.stack([clip_scores(graph, pair[which].logits) for pair in pairs])
        values.append(graph.kind.value(own.targets, scores))
    return graph.kind.metric.key, values[0], values[1]


def clip_scores(graph: Graph, logits: np.ndarray) -> np.ndarray:
    """Scores of a clip, (classes,), of its windows' logits (windows, runs x classes)."""
    average, activation = graph.ensemble.runs[0].config.window.average, graph.kind.activation
    of_runs = []
    for each in np.split(logits, len(graph.networks), axis=1):
        windows = WindowLogits(np.zeros(len(each), np.int64), each, np.empty(0))
        of_runs.append(average_windows(windows, 1, average, activation))
    return graph.calibrated.scores(of_runs, np.array([np.inf]), graph.floor_db)[0][0]


def _milliseconds(graph: Graph, runtime: Runtime, inputs: np.ndarray) -> float:
    """Of one input, the fastest of several calls: others share the cores."""
    taken = np.asarray(pieces_of(graph).to_input(inputs), np.float32)
    runtime(taken)
    times: list[float] = []
    while len(times) < _MOST_CALLS and sum(times) < _TIMED_S:
        start = time.perf_counter()
        runtime(taken)
        times.append(time.perf_counter() - start)
    return 1000 * min(times)
