"""The peer that a user would try first: scikit-learn's logistic regression on mean embeddings of YAMNet or mn04.

    python -m benchmarks.peer_embeddings --config CONFIG --ours submission.csv [key=value ...]

The clips are the clean ones that the config names. A clip's embedding is the mean over its windows, short clips tiled:
with model.name=yamnet one patch of 0.96 s (hop 0.48 s), with mn 5.12 s (hop 2.56 s). C is chosen by cross-validation on
the training clips, by group where groups are known. Without a network: model.weights=PATH. Other uses:

    --folds 4 --ours RUN_DIR/oof_scores.npz
        the curated clips, out of the folds of `train.py --folds 4`
    --over 1,2,3,4 dataset.root=mini{} clean_dir=clean{} --ours out{}/submission.csv --recordings recordings{}.csv
        four data sets, each alone, then all their clips as one
"""

import argparse
import sys
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from benchmarks.logistic_peer import CHECKED, Material, choose_c, fit_and_score
from benchmarks.peer_report import Trial, as_one, difference_table, read_ours, read_recordings, score_table
from models.parts.backbone import set_trainable
from models.parts.split import split_at_head
from models.settings import ModelError, ModelSettings
from submissions.activations import LINEAR
from tagging import cli
from tagging.cli import backend, running
from tagging.config.load import load_config
from tagging.config.schema import Config
from tagging.datasets import read_dataset
from tagging.datasets.cleaned import with_clean_audio
from tagging.datasets.splits import folds
from tagging.datasets.table import TEST, Dataset
from tagging.inference.build import build_tagger
from tagging.inference.windows import inference_step, predict_files
from tagging.pipeline.pieces import Pieces, audio_windows
from tagging.pipeline.settings import WindowSettings
from tagging.training.data import NOISY

WINDOWS = {
    "yamnet": WindowSettings(window_s=0.975, hop_s=0.48),  # one patch of 96 frames
    "mn": WindowSettings(window_s=5.12, hop_s=2.56),  # 16 of the network's columns
}


def main(argv: Sequence[str] | None = None) -> int:
    parser = cli.make_parser(__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("--sources", action="append", help="splits to train on, comma-joined; again for another peer")
    add("--ours", action="append", default=[], help="submission (.csv) or scores (.npz); again for more")
    add("--recordings", help="CSV fname,recordings of the test clips, from make_fsd_mini.py")
    add("--folds", type=cli.positive, help="score the curated clips out of so many folds, not the test clips")
    add("--over", default="", help="values that take the place of {} in the other arguments, comma-joined")
    return running.run(compare, parser, argv, interrupted="the same command starts again")


def compare(args: argparse.Namespace) -> int:
    """Train and score the peers, and print them next to ours."""
    backend.quiet_tensorflow(args.jobs)
    trials = {}
    for value in args.over.split(","):
        overrides = [text.replace("{}", value) for text in args.overrides]
        config = load_config(cli.chosen_config(args.config, overrides), overrides)
        print(config.dataset.root)
        trials[value or Path(config.dataset.root).name] = make_trial(config, args, value)
    print("\n" + score_table(trials))
    if len(trials) > 1:
        trials["all together"] = as_one(list(trials.values()))
    for name, trial in trials.items():
        if trial.ours:
            print(f"\n{name}\n{difference_table(trial)}")
    return 0


def make_trial(config: Config, args: argparse.Namespace, value: str) -> Trial:
    """Scores of every peer, and ours, on the test clips or out of fold; `value` takes the place of {}."""
    dataset = read_dataset(config.dataset)
    sources, scored = peer_sources(dataset, args.sources), CHECKED if args.folds else TEST
    material = embedded(config, dataset, {scored, *chain(*sources)}, args.jobs)
    held = material.from_splits([scored])
    names = list(held.clips["fname"])
    fold = fold_numbers(dataset, names, args.folds, config.seed) if args.folds else np.zeros(len(names), int)
    peers = {
        f"peer, {' + '.join(splits)}": peer_scores(material.from_splits(splits), held, fold, config.seed)
        for splits in sources
    }
    paths = {text: Path(text.replace("{}", value)) for text in args.ours}
    ours = {text: read_ours(path, names, dataset.classes) for text, path in paths.items()}
    groups = list(held.clips["group"])
    if args.recordings:
        groups = read_recordings(Path(args.recordings.replace("{}", value)), names)
    return Trial(held.targets, groups, peers, ours)


def peer_sources(dataset: Dataset, asked: Sequence[str] | None) -> list[list[str]]:
    """The splits that each peer trains on."""
    if asked:
        return [text.split(",") for text in asked]
    return [[CHECKED]] + [[CHECKED, NOISY]] * (NOISY in set(dataset.clips["split"]))


def fold_numbers(dataset: Dataset, names: Sequence[str], k: int, seed: int) -> np.ndarray:
    """The fold of `train.py --folds k` that holds out each of these curated clips, from 0."""
    checked = dataset.of(CHECKED)
    fold = pd.Series(folds(checked, dataset.targets(checked), k, seed), checked["fname"])
    return fold[list(names)].to_numpy()


def peer_scores(train: Material, held: Material, fold: np.ndarray, seed: int) -> np.ndarray:
    """Logits of `held`, (clips, classes), each by a peer that knows no clip of its fold, nor does its C."""
    scores = np.empty(held.targets.shape)
    for number in np.unique(fold):
        part = held.of(fold == number)
        rest = train.without(part.clips)
        choice = choose_c(rest, seed)
        splits = " + ".join(dict.fromkeys(rest.clips["split"]))
        print(f"{splits}: C {choice.c:.2g}, cross-validated LWLRAP {choice.lwlrap:.4f}")
        scores[fold == number] = fit_and_score(rest, part, choice.c)
    return scores


def embedded(config: Config, dataset: Dataset, splits: Collection[str], jobs: int) -> Material:
    """The usable clips of these splits with their mean embeddings.

    Raises:
        DatasetError: a split that the data set does not have.
        CleanFolderError: clips that are not cleaned as the config says.
        ModelError: no pretrained weights, or another network.
        FrontendError: another rate than its front end takes.
    """
    clips, _ = with_clean_audio(dataset.of(*splits), Path(config.clean_dir), config.cleaning)
    start = time.perf_counter()
    step, pieces = make_embedder(config)
    embeddings = predict_files(step, list(clips["path"]), pieces, jobs=jobs, activation=LINEAR)
    print(f"embeddings of {len(clips)} clips: {time.perf_counter() - start:.1f} s")
    return Material(clips, dataset.targets(clips), embeddings)


def make_embedder(config: Config) -> tuple[Callable, Pieces]:
    """(windows (batch, samples) -> embeddings (batch, features), the windows)."""
    model = config.model
    if model.name not in WINDOWS:
        raise ModelError(f"expected model.name out of {', '.join(WINDOWS)}, received {model.name}")
    if model.weights == "none":
        raise ModelError(
            "expected model.weights=audioset, or the path of the published weights, received none"
        )
    published = ModelSettings(model.name, model.weights, model.weights_sha256, width=model.width)
    config = replace(config, model=published, window=WINDOWS[model.name])
    pieces = audio_windows(config.window, config.cleaning.rate_hz)
    tagger = build_tagger(config, pieces, 1, None)
    set_trainable(tagger.network, ["head"], published)
    frozen, _ = split_at_head(tagger.network)
    waves = tagger.whole.input
    return inference_step(keras.Model(waves, frozen(tagger.frontend(waves)))), pieces


if __name__ == "__main__":
    sys.exit(main())
