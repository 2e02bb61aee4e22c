"""How loud windows are, and the level below which a run's training clips never were."""

from collections.abc import Iterator, Sequence
from math import inf, log10
from pathlib import Path

import numpy as np

from preprocessing.folder import HEADER_BYTES
from tagging.pipeline.blocks import cut_windows
from tagging.pipeline.pieces import AudioWindows
from tagging.runs.run import Run

HIGHEST_FLOOR_DB = -60.0  # loud training clips do not make quiet recordings silent
_QUIETEST_PERCENT = 1.0  # of the training windows: fades and gaps, which are no measure
_MOST_CLIPS = 1_000
_FULL_SCALE = 32_768.0


def level_db(samples: np.ndarray) -> float:
    """RMS of (frames,) int16 in dB, 0 at full scale; -inf for digital silence."""
    wave = samples.astype(np.float64)
    # Not `np.dot`: the threads of a BLAS spin for a while after each call, on cores that others need.
    power = float(np.einsum("i,i", wave, wave)) / len(wave)
    return 10 * log10(power / _FULL_SCALE**2) if power else -inf


def training_floor_db(paths: Sequence[Path], pieces: AudioWindows) -> float | None:
    """The floor of a run in dB: all but the quietest 1 % of its training windows are louder, and at most -60.

    Windows of digital silence do not count, nor does what fills up short clips. Of many clips, evenly spaced ones are
    measured. None if all of them are digital silence.
    """
    step = -(-len(paths) // _MOST_CLIPS)
    levels = np.array([level for path in paths[::step] for level in _levels(path, pieces)])
    heard = levels[levels > -inf]
    if not len(heard):
        return None
    return round(min(float(np.percentile(heard, _QUIETEST_PERCENT)), HIGHEST_FLOOR_DB), 1)


def floor_of(runs: Sequence[Run]) -> float:
    """The lowest floor of several runs in dB; -inf (digital silence alone) for runs that do not know one."""
    floors = [run.info.get("floor_db") for run in runs]
    return min(-inf if floor is None else float(floor) for floor in floors)


def _levels(path: Path, pieces: AudioWindows) -> Iterator[float]:
    """Of the windows of a clean clip."""
    clip = np.fromfile(path, "<i2", offset=HEADER_BYTES)
    for start, end, window in cut_windows([clip], pieces):
        yield level_db(window[: end - start])
