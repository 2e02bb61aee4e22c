"""What `predict.py` says about clips with known answers."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from tagging.bootstrap import Interval, lwlrap_difference, lwlrap_interval
from tagging.evaluation import by_usage, per_class_table


def score_report(
    targets: np.ndarray,
    scores: np.ndarray,
    fnames: Sequence[str],
    classes: Sequence[str],
    usage: Mapping[str, str],
) -> str:
    """A line a class, then LWLRAP of all, public and private clips."""
    lines = [
        f"{name:>8}  LWLRAP {figures['lwlrap']:.4f}   mAP {figures['map']:.4f}   ({figures['clips']} clips)"
        for name, figures in by_usage(targets, scores, fnames, usage).items()
    ]
    table = per_class_table(targets, scores, classes)
    return "\n".join([table.to_string(index=False, float_format="%.4f", na_rep="-"), "", *lines])


def window_report(
    targets: np.ndarray,
    scores: Mapping[str, tuple[np.ndarray, np.ndarray]],
    groups: Sequence[str],
    seed: int,
) -> str:
    """LWLRAP of the loudest window of each clip and of all its windows, and what the others add.

    Training takes the loudest of a few windows, so it is the one window that a model is best prepared for.

    Args:
        targets: (clips, classes), 0 or 1.
        scores: name -> scores (clips, classes) of all windows, and of the loudest one.
        groups: recording of each clip, "" where it is not known.
        seed: of the bootstrap.

    Returns:
        A line a name, with 95 % bootstrap intervals.

    Raises:
        EvaluationError: as `lwlrap_interval`.
    """
    rows = {}
    for name, (every, one) in scores.items():
        figures = [lwlrap_interval(targets, each, groups, seed=seed) for each in (one, every)]
        gain = lwlrap_difference(targets, every, one, groups, seed=seed)
        rows[name] = [*(in_words(each) for each in figures), in_words(gain, sign="+")]
    columns = ["LWLRAP, loudest window", "all windows", "gain"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    drawn = f"in brackets: 95 % bootstrap interval over {gain.n_units} {unit_name(groups)}"
    return f"{table.to_string()}\n{drawn}"


def in_words(interval: Interval, sign: str = "") -> str:
    """`.7011 [.6800, .7210]`; `sign` is "+" for a difference."""
    value, low, high = (f"{number:{sign}.4f}" for number in interval[:3])
    return f"{value} [{low}, {high}]"


def unit_name(groups: Sequence[str]) -> str:
    """What the bootstrap drew."""
    return "groups" if any(groups) else "clips"
