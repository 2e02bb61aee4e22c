"""Which clips are held out of training."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from tagging.datasets.settings import SplitSettings
from tagging.datasets.splits import hold_out
from tagging.datasets.table import NOISY, Dataset


def checked_clips(
    dataset: Dataset, split: SplitSettings, seed: int, exclude: Sequence[str]
) -> tuple[pd.DataFrame, np.ndarray]:
    """All clips with checked labels, whether their audio is usable or not, and which of them are held out.

    Args:
        dataset: where they come from.
        split, seed: how many, and which.
        exclude: clips that the data set leaves out, though a split file may name them.
    """
    checked = dataset.of(dataset.checked)
    return checked, hold_out(checked, dataset.strata(checked), split, seed, left_out=exclude)


def noisy_clips(dataset: Dataset, split: SplitSettings, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """All noisy clips, and which of them are held out by `split.noisy_share`; dealt as those with checked labels."""
    noisy = dataset.of(NOISY)
    of_noisy = replace(split, validation_share=split.noisy_share, file=None)
    return noisy, hold_out(noisy, dataset.strata(noisy), of_noisy, seed)
