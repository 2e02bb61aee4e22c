"""A run folder: one trained model with everything that made it. Written whole, read and checked here only."""

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from omegaconf import OmegaConf
from pandas.api.types import is_numeric_dtype

from foundation.errors import UserError
from foundation.settings import as_dict, completed
from tagging.config.load import differing_keys, load_config
from tagging.config.schema import Config
from tagging.evaluation.task_kinds import KINDS, TaskKind
from tagging.runs.info import checked_info
from tagging.runs.model_hash import model_hash

MODEL, CONFIG, INFO, HISTORY = "model.keras", "config.yaml", "run.json", "history.csv"
BATCHES = "batches.csv"  # loss of each batch, on request
SCORES = "validation_scores.npz"  # logits of the validation clips
SPLIT = "split.csv"  # which clips with checked labels are held out
NOISY_SPLIT = "noisy_split.csv"  # which noisy clips are, of a run that these validate
INHERITED = "inherited_clips"  # in `run.json`: clips that only runs that it builds on know; not in older runs
SHAPING = (
    "cleaning",
    "window",
    "sequence",
    "frontend",
    "model",
)  # settings that shape a model and its inputs
_ELSEWHERE = ("dataset.", "clean_dir", "run_dir", "ensemble.", "parallel.")  # settings that no run has made
OF_PREDICTION = ("window.hop_s", "window.average")  # settings of a run that a prediction may change


class RunError(UserError):
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

    @property
    def task(self) -> str:
        """The name of its kind of task."""
        return self.info["task"]

    @property
    def kind(self) -> TaskKind:
        """Its kind of task."""
        return KINDS[self.task]

    @property
    def columns(self) -> int | None:
        """How many of the network's columns its timelines average; None: they have windows."""
        return None

    @property
    def warning(self) -> str | None:
        """One line on why the model should not be used; None if it can be."""
        if not self.info.get("overfit_batches"):
            return None
        return f"{self.path} is an overfitting check (train.overfit_batches), not a usable model"

    def load_model(self) -> Any:
        """The Keras model: waveforms (batch, samples) float32 in [-1, 1], or features -> logits (batch, classes).

        Raises:
            RunError: the file is damaged, of another Keras, or of another run; or the run was replaced since it was
                read.
        """
        import keras  # noqa: PLC0415  listing runs needs no Keras

        # A saved model names its layers; they have to be known before it is read.
        from models import registry  # noqa: F401, PLC0415
        from tagging.frontend.registry import frontend_class  # noqa: PLC0415

        frontend_class(self.config.frontend.name)
        try:
            if not zipfile.is_zipfile(self.path / MODEL):
                raise RunError("not a whole .keras file")
            model = keras.models.load_model(self.path / MODEL, compile=False, safe_mode=True)
        except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
            reason, saved_by = " ".join(str(error).split())[:200], self.info.get("versions", {}).get("keras")
            hint = f"install keras=={saved_by}, which saved it (here: {keras.__version__}), or "
            raise RunError(
                f"{self.path / MODEL} cannot be read ({reason}); "
                f"{hint if saved_by not in (None, keras.__version__) else ''}train the stage again"
            ) from error
        if read_info(self.path)["finished"] != self.info["finished"]:
            raise RunError(
                f"{self.path} was replaced by another run while it was read; run the command again"
            )
        self._check_own(model)
        return model

    def _check_own(self, model: Any) -> None:
        """Refuse the model of another run, whose labels would be wrong; runs of older versions have no hash."""
        path = self.path / MODEL
        if model.output_shape[-1] != len(self.classes) or (
            "model_hash" in self.info and model_hash(path) != self.info["model_hash"]
        ):
            raise RunError(
                f"{path} does not belong to this run: {self.path / INFO} describes another model; "
                "restore it, or train the stage again"
            )

    def check_overrides(self, config: Config, overrides: Sequence[str]) -> None:
        """Refuse `key=value` that a prediction cannot change, because it made the model; `config` has them merged."""
        theirs, ours = (OmegaConf.structured(each) for each in (self.config, config))
        for key in (text.partition("=")[0] for text in overrides):
            stored, asked = OmegaConf.select(theirs, key), OmegaConf.select(ours, key)
            if stored != asked and not key.startswith(_ELSEWHERE):
                raise RunError(
                    f"{key}: {self.path} was trained with {stored}, received {asked}; predict.py can change "
                    f"dataset.*, clean_dir, run_dir, ensemble.*, parallel.*, {' and '.join(OF_PREDICTION)}"
                )

    def history(self) -> pd.DataFrame:
        """One row per epoch: `epoch` from 1, `loss`, the metric, `val_*`, `learning_rate`, `seconds`.

        Raises:
            RunError: the file is missing or damaged.
        """
        path = self.path / HISTORY
        try:
            rows = pd.read_csv(path)
        except (OSError, ValueError) as error:  # pandas's own errors are ValueErrors
            raise RunError(
                f"{path}: expected the history of a training ({error}); train the stage again"
            ) from error
        if rows.empty or "epoch" not in rows or not all(map(is_numeric_dtype, rows.dtypes)):
            raise RunError(
                f"{path}: expected one row of numbers per epoch, received a damaged file; train the stage again"
            )
        return rows


def name_of(path: Path, stage: str | None = None) -> str:
    """What a run is called in what is published: a whole path would tell of the machine.

    Args:
        path: its folder.
        stage: what it trained; the name of a folder that only repeats this follows on that of its `run_dir`.
    """
    whole = path.resolve()
    return f"{whole.parent.name}/{whole.name}" if whole.name == stage else whole.name


def read_run(path: Path, overrides: Sequence[str] = ()) -> Run:
    """The run in this folder; `overrides` (`key=value`) change its config for this process.

    Raises:
        RunError: no finished run is there, or a file of it is missing or damaged.
    """
    if not path.is_dir():
        raise RunError(f"expected a run folder, received {path}: no such folder; train.py makes one")
    if missing := [name for name in (INFO, CONFIG, MODEL) if not (path / name).is_file()]:
        inside = sorted(str(info.parent) for info in path.glob(f"*/{INFO}"))
        hint = f"; did you mean {' or '.join(inside)}?" if inside else ""
        verb = "is" if len(missing) == 1 else "are"
        raise RunError(f"expected a finished run in {path}, but {', '.join(missing)} {verb} missing{hint}")
    run = Run(path, load_config(path / CONFIG, overrides), read_info(path))
    _check_belongs(run, overrides)
    return run


def _check_belongs(run: Run, overrides: Sequence[str]) -> None:
    """Refuse files that do not belong together, as after a copy or an edit: labels would be wrong without a word."""
    identity, changed = run.info["identity"], {text.partition("=")[0] for text in overrides}
    known = {key: identity[key] for key in SHAPING if key in identity}
    stored, ours = completed(known, Config), as_dict(run.config)
    lines = [line for key in known for line in differing_keys(stored[key], ours[key], key)]
    if lines := [line for line in lines if line.partition(":")[0] not in changed]:
        raise RunError(
            f"{run.path / CONFIG} does not belong to this run, trained with other settings ({'; '.join(lines[:3])}); "
            "restore it, or train the stage again"
        )
    if identity.get("classes", ", ".join(run.classes)) != ", ".join(run.classes):
        raise RunError(
            f"{run.path / INFO}: expected the classes that were trained, received others or in another order; "
            "restore it, or train the stage again"
        )


def latest_run(run_dir: Path) -> Run:
    """The run under `run_dir` that finished last."""
    found = {
        info.parent: read_info(info.parent)
        for info in run_dir.glob(f"*/{INFO}")
        if "." not in info.parent.name
    }
    if not found:
        raise RunError(f"expected a finished stage under {run_dir}, found none; run train.py first")
    return read_run(max(found, key=lambda path: found[path]["finished"]))


def read_info(path: Path) -> dict[str, Any]:
    """The content of the `run.json` in this folder.

    Raises:
        RunError: it is damaged, or a value in it cannot be right.
    """
    try:
        return checked_info((path / INFO).read_bytes())
    except ValueError as error:
        raise RunError(f"{path / INFO}: {error}; restore it, or train the stage again") from error
