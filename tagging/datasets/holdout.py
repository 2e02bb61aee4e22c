"""Which clips are held out of training."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from tagging.datasets import read_dataset
from tagging.datasets.settings import DatasetSettings, SplitSettings
from tagging.datasets.splits import drawn, hold_out
from tagging.datasets.table import DRAWN_FROM, NOISY, TEST, Dataset


def checked_clips(
    dataset: Dataset, split: SplitSettings, seed: int, exclude: Sequence[str]
) -> tuple[pd.DataFrame, np.ndarray]:
    """All clips with checked labels, whether their audio is usable or not, and which of them are held out.

    Args:
        dataset: where they come from.
        split, seed: how many, and which.
        exclude: clips that the data set leaves out. A split file may name them, and test clips that are drawn.
    """
    clips, checked = dataset.clips, dataset.of(dataset.checked)
    test = clips["fname"][clips[DRAWN_FROM] != ""] if DRAWN_FROM in clips else ()
    return checked, hold_out(checked, dataset.strata(checked), split, seed, left_out=[*exclude, *test])


def noisy_clips(dataset: Dataset, split: SplitSettings, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """All noisy clips, and which of them are held out by `split.noisy_share`, above 0; dealt as in `hold_out`."""
    noisy = dataset.of(NOISY)
    return noisy, drawn(noisy, dataset.strata(noisy), split.noisy_share, seed, "split.noisy_share")


def read_with_test_clips(settings: DatasetSettings, split: SplitSettings, seed: int) -> Dataset:
    """The data set of these settings, as `with_test_clips`.

    Raises:
        DatasetError: a data set that cannot be used, or too few clips or groups.
    """
    return with_test_clips(read_dataset(settings), split, seed)


def with_test_clips(dataset: Dataset, split: SplitSettings, seed: int) -> Dataset:
    """The data set with the test clips that `split.test_share` draws, unless it has its own.

    They come out of the clips with checked labels, without those of the data set's own hold-out, and are dealt as in
    `hold_out`. The same seed draws the same ones, whatever is held out for validation.

    Args:
        dataset: as it was read.
        split, seed: how many, and which.

    Raises:
        DatasetError: too few clips or groups.
    """
    if split.test_share == 0 or (dataset.clips["split"] == TEST).any():
        return dataset
    clips, checked = dataset.clips, dataset.checked
    is_free = clips["split"] == checked
    if "validates" in clips:
        is_free &= ~clips["validates"]
    free, is_test = clips[is_free], np.zeros(len(clips), bool)
    is_test[is_free] = drawn(free, dataset.strata(free), split.test_share, seed, "split.test_share")
    part = clips["split"].mask(is_test, TEST)
    return replace(dataset, clips=clips.assign(split=part, **{DRAWN_FROM: np.where(is_test, checked, "")}))
