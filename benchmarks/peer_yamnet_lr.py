"""The peer that a user would try first: scikit-learn's logistic regression on mean YAMNet embeddings.

    python -m benchmarks.peer_yamnet_lr --config CONFIG --ours submission.csv [key=value ...]

The clips are the clean ones that the config names. A clip's embedding is the mean over its 0.96 s patches (hop
0.48 s, short clips tiled). C is chosen by cross-validation on the training clips, by group where groups are
known. Without a network: model.weights=PATH of YAMNet's weights. Other uses:

    --folds 4 --ours RUN_DIR/oof_scores.npz
        the curated clips, out of the folds of `train.py --folds 4`
    --over 1,2,3,4 dataset.root=mini{} clean_dir=clean{} --ours out{}/submission.csv --recordings recordings{}.csv
        four data sets, each alone, then all their clips as one
"""

import argparse
import sys
import time
from collections.abc import Collection, Sequence
from itertools import chain
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from benchmarks.logistic_peer import CHECKED, Material, choose_c, fit_and_score
from benchmarks.peer_report import Trial, as_one, difference_table, read_ours, read_recordings, score_table
from models import yamnet
from models.settings import ModelError, ModelSettings
from submissions.activations import LINEAR
from tagging import cli
from tagging.config.load import load_config
from tagging.config.schema import Config
from tagging.datasets import read_dataset
from tagging.datasets.cleaned import with_clean_audio
from tagging.datasets.splits import folds
from tagging.datasets.table import TEST, Dataset
from tagging.frontend.yamnet import HANN_SAMPLES, HOP_SAMPLES, YamnetLogMel
from tagging.inference.windows import inference_step, predict_files
from tagging.pipeline.pieces import AudioWindows
from tagging.training.data import NOISY

PATCH_SAMPLES = HANN_SAMPLES + (yamnet.PATCH_FRAMES - 1) * HOP_SAMPLES
PATCH_HOP_S = 0.48


def main(argv: Sequence[str] | None = None) -> int:
    parser = cli.make_parser(__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("--sources", action="append", help="splits to train on, comma-joined; again for another peer")
    add("--ours", action="append", default=[], help="submission (.csv) or scores (.npz); again for more")
    add("--recordings", help="CSV fname,recordings of the test clips, from make_fsd_mini.py")
    add("--folds", type=cli.positive, help="score the curated clips out of so many folds, not the test clips")
    add("--over", default="", help="values that take the place of {} in the other arguments, comma-joined")
    return cli.run(compare, parser, argv, interrupted="the same command starts again")


def compare(args: argparse.Namespace) -> int:
    """Train and score the peers, and print them next to ours."""
    cli.quiet_tensorflow(args.jobs)
    trials = {}
    for value in args.over.split(","):
        overrides = [text.replace("{}", value) for text in args.overrides]
        config = load_config(args.config or cli.DEFAULT_CONFIG, overrides)
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
        ModelError: no YAMNet weights.
        FrontendError: another rate than 16 kHz.
    """
    clips, _ = with_clean_audio(dataset.of(*splits), Path(config.clean_dir), config.cleaning)
    rate_hz, start = config.cleaning.rate_hz, time.perf_counter()
    step = inference_step(make_embedder(config.model, rate_hz))
    patches = AudioWindows(PATCH_SAMPLES, round(PATCH_HOP_S * rate_hz))
    embeddings = predict_files(step, list(clips["path"]), patches, jobs=jobs, activation=LINEAR)
    print(f"embeddings of {len(clips)} clips: {time.perf_counter() - start:.1f} s")
    return Material(clips, dataset.targets(clips), embeddings)


def make_embedder(settings: ModelSettings, rate_hz: int) -> keras.Model:
    """Waveforms of one patch (batch, 15600) -> embeddings (batch, 1024)."""
    if settings.weights == "none":
        raise ModelError("expected model.weights=audioset, or the path of YAMNet's weights, received none")
    patch = (yamnet.PATCH_FRAMES, yamnet.BANDS, yamnet.CHANNELS)
    network = yamnet.build(
        ModelSettings("yamnet", settings.weights, settings.weights_sha256), patch, n_classes=1
    )
    waveform = keras.Input((PATCH_SAMPLES,))
    log_mel = keras.layers.Rescaling(1.0, offset=yamnet.LOG_OFFSET)(YamnetLogMel(rate_hz)(waveform))
    features = network.get_layer("backbone")(log_mel)
    return keras.Model(waveform, keras.layers.GlobalAveragePooling2D()(features), name="embedder")


if __name__ == "__main__":
    sys.exit(main())
