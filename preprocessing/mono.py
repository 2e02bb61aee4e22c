"""Several channels as one: their mean, unless they cancel each other out."""

import numpy as np

CANCELLED = 0.05  # of the energy that the mean of unrelated channels would have: a correlation below -0.95
LOUDEST = 0.99  # of the energy of the loudest channel: from there on a channel is about as loud


def to_mono(samples: np.ndarray, channel: int | None = None) -> np.ndarray:
    """One channel, or the mean of all: (frames, channels) float32 -> (frames,) float32."""
    if samples.shape[1] == 1 or channel is not None:
        return samples[:, channel or 0]
    return samples.mean(axis=1, dtype=np.float32)


def mixed(samples: np.ndarray) -> np.ndarray:
    """All of a clip (frames, channels) float32 as (frames,): the mean, or the loudest channel if the mean cancels."""
    mean, levels = to_mono(samples), Levels()
    levels.add(samples, mean)
    return mean if levels.channel is None else to_mono(samples, levels.channel)


class Levels:
    """The energies of the channels of a sound and of their mean, block by block."""

    def __init__(self) -> None:
        self._channels: np.ndarray | float = 0.0
        self._mean = 0.0

    def add(self, samples: np.ndarray, mean: np.ndarray) -> None:
        """A block: samples (frames, channels) and their mean (frames,), float32."""
        self._channels = self._channels + np.square(samples).sum(axis=0, dtype=np.float64)
        self._mean += float(np.square(mean).sum(dtype=np.float64))

    @property
    def channel(self) -> int | None:
        """The loudest channel, if the channels cancel each other out in their mean; else None.

        Of several about as loud it is the first.
        """
        count = np.size(self._channels)
        expected = float(np.sum(self._channels)) / count**2
        if self._mean >= CANCELLED * expected:
            return None
        return int(np.argmax(self._channels >= LOUDEST * np.max(self._channels)))
