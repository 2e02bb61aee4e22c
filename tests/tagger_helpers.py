"""Runs without training, for what does not hang on what was learnt; and scores that do not come from the tagger."""

from pathlib import Path
from typing import Any

import keras
import pandas as pd

from tagging.config.load import load_config
from tagging.config.schema import Config
from tagging.datasets.audio_files import audio_files
from tagging.inference.build import build_tagger
from tagging.inference.scoring import score_members
from tagging.pipeline.pieces import Pieces, audio_windows
from tagging.runs.ensembles import make_ensemble
from tagging.runs.folds import read_member
from tagging.runs.place import finish_run, work_dir
from tagging.runs.run import MODEL

CLASSES = ("a", "b", "c")


def untrained_run(
    path: Path,
    config: Config,
    classes: tuple[str, ...],
    task: str = "multilabel",
    pieces: Pieces | None = None,
) -> Path:
    """A run folder with random weights; `pieces` are of features, None: windows as the config says."""
    keras.utils.set_random_seed(config.seed)
    pieces = pieces or audio_windows(config.window, config.cleaning.rate_hz)
    model = build_tagger(config, pieces, len(classes), None).whole
    work = work_dir(path)
    work.mkdir(parents=True)
    model.save(work / MODEL)
    info = {"classes": list(classes), "finished": "2026", "identity": {}, "task": task, "validation": {}}
    finish_run(path, config, info)
    return path


def made_run(noisy: tuple[Path, Path], path: Path, *overrides: str, **options: Any) -> Path:
    """An untrained run of the tiny config with overrides; `options` as in `untrained_run`."""
    return untrained_run(path, load_config(noisy[0] / "tiny.yaml", overrides), CLASSES, **options)


def scores_as_test_clips(audio: Path, *runs: Path) -> pd.DataFrame:
    """The scores that the files would have as test clips of a data set: cleaned to a folder, and read from there."""
    members = [read_member(run) for run in runs]
    config = members[0].runs[0].config
    ensemble = make_ensemble(config, members)
    clips = pd.DataFrame(audio_files(audio), columns=["fname", "path"]).assign(split="test")
    logits = [part.logits for part in score_members(ensemble, clips, config, jobs=1)[0]]
    return pd.DataFrame(ensemble.combine(logits), clips["fname"], ensemble.classes)
