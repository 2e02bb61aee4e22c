"""Runs without training, for what does not hang on what was learnt."""

from pathlib import Path

import keras

from tagging.config.schema import Config
from tagging.inference.build import build_tagger
from tagging.pipeline.pieces import Pieces, audio_windows
from tagging.runs.place import finish_run, work_dir
from tagging.runs.run import MODEL


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
