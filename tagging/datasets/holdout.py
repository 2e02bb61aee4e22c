"""Which clips are held out of training."""

import numpy as np
import pandas as pd

from tagging.config.schema import Config
from tagging.datasets.splits import hold_out
from tagging.datasets.table import Dataset


def checked_clips(config: Config, dataset: Dataset) -> tuple[pd.DataFrame, np.ndarray]:
    """All clips with checked labels, whether their audio is usable or not, and which of them are held out."""
    checked = dataset.of(dataset.checked)
    left_out = config.dataset.exclude
    return checked, hold_out(checked, dataset.strata(checked), config.split, config.seed, left_out=left_out)
