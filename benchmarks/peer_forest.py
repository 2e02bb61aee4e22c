"""The peer of single-label data: scikit-learn's random forest on MFCC statistics, on our runs' folds.

    python -m benchmarks.peer_forest --config configs/esc10/mfcc.yaml dataset.root=PATH --folds 4 \
        --ours runs/esc10/cnn/oof_scores.npz runs/esc10/mfcc/oof_scores.npz

The config's clean folder holds the features (`cleaning.features.name=mfcc_statistics`), made by preprocess.py. Prints
the accuracy of the forest (mean and standard deviation over seeds, as it is drawn at random) and of each of ours, by
fold and in all, and of the clips that one of the two has right and the other wrong.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier

from benchmarks.peer_report import paired_counts
from submissions.writer import read_scores
from tagging import cli
from tagging.cli import running
from tagging.config.load import load_config
from tagging.config.schema import Config
from tagging.datasets import read_dataset
from tagging.datasets.cleaned import with_clean_audio
from tagging.datasets.splits import folds
from tagging.datasets.table import Dataset, DatasetError

N_TREES = 500
"""As in Piczak 2015, whose forest reads 72.7 % on ESC-10 over all five folds."""


def main() -> int:
    parser = cli.make_parser(__doc__ or "")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--folds", type=cli.positive, default=4, metavar="K", help="default: %(default)s")
    parser.add_argument("--seeds", type=cli.positive, default=5, help="forests (default: %(default)s)")
    parser.add_argument("--ours", type=Path, nargs="*", default=[], metavar="OOF_SCORES")
    return running.run(_compare, parser, None, interrupted="the same command starts again")


def _compare(args: argparse.Namespace) -> int:
    config = load_config(cli.chosen_config(args.config, args.overrides), args.overrides)
    dataset = read_dataset(config.dataset)
    clips, features, labels, fold = material(config, dataset, args.folds)
    forests = [forest_labels(features, labels, fold, seed) for seed in range(args.seeds)]
    hits = {"random forest": np.mean([found == labels for found in forests], axis=0)}
    hits |= {str(path): our_labels(path, clips, dataset.classes) == labels for path in args.ours}
    print(accuracies(hits, fold).to_string(float_format="%.4f"))
    spread = np.std([(found == labels).mean() for found in forests], ddof=1) if args.seeds > 1 else 0.0
    print(f"random forest: standard deviation over {args.seeds} seeds {spread:.4f}")
    for name in list(hits)[1:]:
        print(f"{name}, forest of seed 0: {paired_counts(hits[name].astype(bool), forests[0] == labels)}")
    return 0


def material(
    config: Config, dataset: Dataset, k: int
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, np.ndarray]:
    """(clips, features (clips, numbers), label numbers (clips,), fold (clips,)) of the clips with checked labels.

    Raises:
        DatasetError: not one label a clip, features of more than one step, or clips without any.
    """
    checked = dataset.of(dataset.checked)
    if dataset.task != "multiclass":
        raise DatasetError(f"expected one label a clip (dataset.task=multiclass), received {dataset.task}")
    fold = folds(checked, dataset.strata(checked), k, config.seed)
    clips, lost = with_clean_audio(checked, Path(config.clean_dir), config.cleaning)
    if len(lost) or (clips["steps"] != 1).any():
        raise DatasetError("expected one vector for each clip: set cleaning.features.name=mfcc_statistics")
    features = np.concatenate([np.load(path, allow_pickle=False) for path in clips["path"]])
    return clips, features, dataset.targets(clips).argmax(axis=1), fold


def forest_labels(features: np.ndarray, labels: np.ndarray, fold: np.ndarray, seed: int) -> np.ndarray:
    """What a forest that has not seen a clip's fold takes it for, (clips,)."""
    found = np.empty_like(labels)
    for number in np.unique(fold):
        forest = RandomForestClassifier(N_TREES, random_state=seed, n_jobs=-1)
        forest.fit(features[fold != number], labels[fold != number])
        found[fold == number] = forest.predict(features[fold == number])
    return found


def our_labels(path: Path, clips: pd.DataFrame, classes: Sequence[str]) -> np.ndarray:
    """What out-of-fold scores of `train.py --folds` take the clips for, (clips,)."""
    scores = read_scores(path)
    row = {name: number for number, name in enumerate(scores.fnames)}
    if set(row) != set(clips["fname"]) or tuple(scores.classes) != tuple(classes):
        raise DatasetError(
            f"{path}: expected out-of-fold scores of the same clips and classes, received others"
        )
    return scores.logits[[row[name] for name in clips["fname"]]].argmax(axis=1)


def accuracies(hits: dict[str, np.ndarray], fold: np.ndarray) -> pd.DataFrame:
    """A row a model: the share of right clips in each fold, counted from 1, and in all."""
    columns = {f"fold {number + 1}": fold == number for number in np.unique(fold)}
    columns["all"] = np.ones(len(fold), bool)
    rows = {name: {key: found[rows].mean() for key, rows in columns.items()} for name, found in hits.items()}
    return pd.DataFrame.from_dict(rows, orient="index")


if __name__ == "__main__":
    sys.exit(main())
