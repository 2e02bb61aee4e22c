"""Pieces of clips in batches for a network; a batch may hold pieces of several clips."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from math import inf
from typing import NamedTuple

import numpy as np

from foundation.errors import UserError
from foundation.workers import Stopped
from preprocessing.errors import DecodeError, strange
from tagging.inference.levels import level_db
from tagging.pipeline.blocks import cut_windows
from tagging.pipeline.pieces import AudioWindows
from tagging.tagger.clips import CleanClip
from tagging.tagger.network import WindowNetwork
from tagging.tagger.sequences import cut_clips, sequences_of
from tagging.tagger.windows import batch_size


class Batch(NamedTuple):
    """Pieces for one network.

    Attributes:
        network: its number.
        clips: (pieces,) number of the clip that each is of.
        levels_db: (pieces,) RMS in dB of full scale; inf for features.
        pieces: (pieces, ...) as they are stored.
    """

    network: int
    clips: np.ndarray
    levels_db: np.ndarray
    pieces: np.ndarray


class Packer:
    """Cuts clips for a network as its run's test clips are cut, and fills batches.

    Args:
        number: of the network, for the batches.
        network: the network.
    """

    def __init__(self, number: int, network: WindowNetwork) -> None:
        self._number, self._network = number, network
        self._held: list[tuple[int, float, np.ndarray]] = []

    def add(self, clip: int, clean: CleanClip) -> Iterator[Batch]:
        """The batches that this clip fills; to be exhausted. All pieces of a batch have one shape.

        Args:
            clip: its number.
            clean: what is cut; audio is decoded here.

        Raises:
            DecodeError: audio that cannot be used.
        """
        with reading():
            for level, piece in _cut(self._network, clean):
                if self._held and self._held[0][2].shape != piece.shape:
                    yield from self.rest()
                self._held.append((clip, level, piece))
                if len(self._held) == batch_size(piece.size):
                    yield from self.rest()

    def rest(self) -> Iterator[Batch]:
        """What is held, if anything."""
        if self._held:
            clips, levels, pieces = zip(*self._held, strict=True)
            self._held = []
            yield Batch(self._number, np.array(clips), np.array(levels), np.stack(pieces))


@contextmanager
def reading() -> Iterator[None]:
    """Makes any fault of reading a clip a DecodeError: one strange file must not stop the others."""
    try:
        yield
    except (UserError, Stopped):
        raise
    except Exception as error:
        raise DecodeError(strange(error)) from error


def _cut(network: WindowNetwork, clip: CleanClip) -> Iterable[tuple[float, np.ndarray]]:
    """Levels and pieces of a clip."""
    if isinstance(clip, np.ndarray):
        return ((inf, piece) for piece in cut_clips(sequences_of(network, clip), clip))
    assert isinstance(network.pieces, AudioWindows)  # noqa: S101  for the type checker
    windows = cut_windows(clip, network.pieces)
    return ((level_db(window[: end - start]), window) for start, end, window in windows)
