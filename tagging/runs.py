"""A run folder: one trained model with everything that made it. Written whole, read and checked here only."""

import json
import os
import platform
import shutil
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tagging.config import Config, load_config, save_config

MODEL, CONFIG, INFO = "model.keras", "config.yaml", "run.json"
_PACKAGES = ("tensorflow", "keras", "numpy", "librosa", "soxr", "soundfile", "scikit-learn")


class RunError(ValueError):
    """A run folder that cannot be used; the message is one line for the user."""


@dataclass(frozen=True)
class Run:
    """A finished run.

    Attributes:
        path: its folder.
        config: the merged config it was trained with.
        info: `run.json`: stage, classes, parameters, metrics, seconds, versions ...
    """

    path: Path
    config: Config
    info: dict[str, Any]

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names in the order of the model's outputs."""
        return tuple(self.info["classes"])

    def load_model(self) -> Any:
        """The Keras model (batch, samples) float32 in [-1, 1] -> logits (batch, classes)."""
        import keras  # noqa: PLC0415  listing runs needs no Keras

        # A saved model names its layers; they have to be known before it is read.
        from models import resnet50  # noqa: F401, PLC0415
        from tagging.frontend.registry import frontend_class  # noqa: PLC0415

        frontend_class(self.config.frontend.name)
        return keras.models.load_model(self.path / MODEL, compile=False, safe_mode=True)


def read_run(path: Path) -> Run:
    """The run in this folder.

    Raises:
        RunError: no finished run is there, or a file of it is missing or damaged.
    """
    if not path.is_dir():
        raise RunError(f"expected a run folder, received {path}: no such folder; train.py makes one")
    if missing := [name for name in (INFO, CONFIG, MODEL) if not (path / name).is_file()]:
        raise RunError(f"expected a finished run in {path}, but {', '.join(missing)} is not there")
    try:
        info = json.loads((path / INFO).read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise RunError(f"{path / INFO}: expected JSON ({error}); train the stage again") from error
    return Run(path, load_config(path / CONFIG), info)


def latest_run(run_dir: Path) -> Run:
    """The run under `run_dir` that finished last."""
    runs = [
        read_run(info.parent) for info in run_dir.glob(f"*/{INFO}") if not info.parent.name.endswith(".part")
    ]
    if not runs:
        raise RunError(f"expected a finished stage under {run_dir}, found none; run train.py first")
    return max(runs, key=lambda run: run.info["finished"])


def work_dir(final: Path) -> Path:
    """Where a run is made until it is whole."""
    return final.with_name(final.name + ".part")


def finish_run(final: Path, config: Config, info: dict[str, Any]) -> None:
    """Complete the files in the work folder and give it its final name; an older run there is replaced."""
    work = work_dir(final)
    save_config(config, work / CONFIG)
    (work / INFO).write_text(json.dumps({**info, "versions": versions()}, indent=1) + "\n", encoding="utf-8")
    if final.exists():
        old = final.with_name(final.name + ".old")
        shutil.rmtree(old, ignore_errors=True)
        os.replace(final, old)
        os.replace(work, final)
        shutil.rmtree(old)
    else:
        os.replace(work, final)


def versions() -> dict[str, str]:
    """Of Python and the packages that a result can depend on."""
    return {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}}
