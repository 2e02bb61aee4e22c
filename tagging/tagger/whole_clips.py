"""Whole clips through the networks of several runs: the one engine behind `predict.py --audio` and `tag`."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from math import inf
from typing import NamedTuple

import numpy as np

from foundation.errors import UserError
from foundation.workers import Workers
from preprocessing.errors import DecodeError, strange
from preprocessing.settings import CleaningSettings
from preprocessing.sound import Sound
from tagging.inference.windows import WindowLogits, average_windows
from tagging.pipeline.blocks import cut_windows
from tagging.pipeline.pieces import Pieces, audio_windows
from tagging.tagger.clips import CleanClip, clean_sound
from tagging.tagger.network import WindowNetwork
from tagging.tagger.sequences import piece_batches, sequences_of
from tagging.tagger.windows import batch_size, batches, levels_db

Cleaned = dict[CleaningSettings, CleanClip]
"""A clip as each kind of cleaning among the runs makes it."""

Input = tuple[np.ndarray, np.ndarray]
"""Pieces of a clip: their levels in dB (inf for features), and what they hold."""


class ClipOutput(NamedTuple):
    """What one run makes of a clip.

    Attributes:
        logits: (1, classes) float32, of the mean over all windows; not calibrated.
        features: (n,) float32, the mean over all windows of what enters the last layer.
        level_db: RMS of the loudest window in dB of full scale; inf for features.
    """

    logits: np.ndarray
    features: np.ndarray
    level_db: float


def clip_outputs(networks: Sequence[WindowNetwork], sound: Sound, jobs: int) -> list[ClipOutput]:
    """What each run makes of a clip, cleaned and cut as the run's test clips are; `jobs` batches run at a time.

    Raises:
        DecodeError, CleanFolderError, TaggerError: as `clean_sound`.
    """
    with Workers(jobs) as calls:
        return _outputs(networks, calls, _cleaned(networks, sound))


def outputs_of_each(
    networks: Sequence[WindowNetwork], sounds: Iterable[Sound], jobs: int
) -> Iterator[list[ClipOutput] | DecodeError]:
    """The same of many clips, in their order, or what is wrong with one; `jobs` clips are worked on at a time."""
    # Calls end before clips, so that a long clip stops where nobody waits for it.
    with Workers(jobs) as clips, Workers(jobs) as calls:
        yield from clips.in_order(partial(_outputs_or_lost, networks, calls), sounds)


def _outputs_or_lost(
    networks: Sequence[WindowNetwork], calls: Workers, sound: Sound
) -> list[ClipOutput] | DecodeError:
    try:
        return _outputs(networks, calls, _cleaned(networks, sound))
    except DecodeError as error:
        return error


def _cleaned(networks: Sequence[WindowNetwork], sound: Sound) -> Cleaned:
    cleanings = dict.fromkeys(network.run.config.cleaning for network in networks)
    with _reading():
        return {cleaning: clean_sound(sound, cleaning) for cleaning in cleanings}


@contextmanager
def _reading() -> Iterator[None]:
    """Makes any fault of reading a clip a DecodeError: one strange file must not stop the others."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        raise DecodeError(strange(error)) from error


def _read(inputs: Iterable[Input]) -> Iterator[Input]:
    """The inputs of a clip, which may be decoded only now."""
    with _reading():
        yield from inputs


def _outputs(networks: Sequence[WindowNetwork], calls: Workers, cleaned: Cleaned) -> list[ClipOutput]:
    return [_output(network, calls, cleaned[network.run.config.cleaning]) for network in networks]


def _output(network: WindowNetwork, calls: Workers, clip: CleanClip) -> ClipOutput:
    pieces, inputs = _inputs(network, clip)

    def called(levels_and_batch: Input) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        levels, batch = levels_and_batch
        return *network(pieces, batch), levels

    found = calls.in_order(called, _read(inputs))
    logits, features, levels_db = (np.concatenate(part) for part in zip(*found, strict=True))
    windows = WindowLogits(np.zeros(len(logits), np.int64), logits, np.empty(0))
    mean = average_windows(windows, 1, network.run.config.window.average, network.run.kind.activation)
    return ClipOutput(mean, features.mean(axis=0), float(levels_db.max()))


def _inputs(network: WindowNetwork, clip: CleanClip) -> tuple[Pieces, Iterable[Input]]:
    """How the clip is cut, and its pieces in batches."""
    config = network.run.config
    if isinstance(clip, np.ndarray):
        sequences = sequences_of(network, clip)
        return sequences, ((np.full(len(batch), inf), batch) for batch in piece_batches(sequences, clip))
    windows = audio_windows(config.window, config.cleaning.rate_hz)
    cut = batches(cut_windows(clip, windows), batch_size(windows.length))
    return windows, ((levels_db(spans, samples), samples) for spans, samples in cut)
