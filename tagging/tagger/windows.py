"""Windows of sound in batches for a network, and how loud they are."""

from collections.abc import Iterable, Iterator

import numpy as np

from tagging.inference.levels import level_db
from tagging.pipeline.blocks import Window

BATCH = 32  # windows that a network sees at once: more take memory, and on a CPU no less time
BATCH_VALUES = BATCH * 5 * 16_000  # samples in them, at most, as long windows take more


def levels_db(spans: np.ndarray, windows: np.ndarray) -> np.ndarray:
    """(windows,) RMS in dB of full scale, of the sound alone: what fills up a short clip does not count."""
    pairs = zip(np.diff(spans).ravel(), windows, strict=True)
    return np.array([level_db(window[:length]) for length, window in pairs])


def batch_size(values: int) -> int:
    """How many windows (or pieces of features) of so many values a network sees at once."""
    return max(1, min(BATCH, BATCH_VALUES // values))


def batches(windows: Iterable[Window], size: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """((windows, 2) first sample and last + 1, (windows, length) int16) of up to `size` windows."""
    spans, samples = [], []
    for start, end, window in windows:
        spans.append((start, end))
        samples.append(window)
        if len(spans) == size:
            yield np.array(spans), np.stack(samples)
            spans, samples = [], []
    if spans:
        yield np.array(spans), np.stack(samples)
