"""What happens after an epoch: validation, the best weights, a line and a row, and a backup to go on from.

All of their state is in the history's rows, so that an interrupted stage goes on exactly where it stopped.
"""

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
from tqdm import tqdm

from tagging.runs import HISTORY, RunError
from tagging.training.settings import StageSettings

BEST = "best.weights.h5"
MONITOR = "val_lwlrap"


class RefuseDivergence(keras.callbacks.Callback):
    """Ends a training whose loss is no longer a number, before anything is made of it; stands first."""

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        assert logs is not None  # noqa: S101  Keras always gives them
        if not np.isfinite(logs["loss"]):
            raise RunError(
                f"training diverged: the loss of epoch {epoch + 1} is {logs['loss']}; lower train.learning_rate"
            )


class Validate(keras.callbacks.Callback):
    """Puts clip-level validation metrics into the epoch's logs; stands before the others, which see them."""

    def __init__(self, measure: Callable[[], dict[str, float]]) -> None:
        super().__init__()
        self.measure = measure

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        assert logs is not None  # noqa: S101  Keras always gives them
        logs.update(self.measure())


class Averages(keras.callbacks.Callback):
    """Gives the model the optimiser's moving average of its weights; `RawWeights` takes it away again.

    What stands between the two sees the averaged model. Keras's `SwapEMAWeights` leaves it in place until the next
    epoch begins, so that a backup would hold it for the raw weights, and it swaps by sums, which round.
    """

    raw: list[np.ndarray]

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        weights = self.model.trainable_variables
        self.raw = [keras.ops.convert_to_numpy(weight) for weight in weights]
        self.model.optimizer.finalize_variable_values(weights)


class RawWeights(keras.callbacks.Callback):
    """Puts back the weights that `Averages` kept, bit for bit, for training to go on with."""

    def __init__(self, averages: Averages) -> None:
        super().__init__()
        self.averages = averages

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        for weight, value in zip(self.model.trainable_variables, self.averages.raw, strict=True):
            weight.assign(value)


class History(keras.callbacks.Callback):
    """Rows of all epochs, the best weights among them, early stopping, and a line on the screen for each.

    Args:
        folder: gets `history.csv` and `best.weights.h5` (the averaged ones, where there are), each whole.
        epochs: of the stage.
        steps: of an epoch.
        settings: its `epochs`, `patience` and `keep`.
        steps: of an epoch.
        rows: of the epochs before an interruption.
    """

    def __init__(self, folder: Path, settings: StageSettings, steps: int, rows: list[dict]) -> None:
        super().__init__()
        self.folder, self.steps, self.rows = folder, steps, rows
        self.epochs, self.patience, self.keep = settings.epochs, settings.patience, settings.keep

    @property
    def best_epoch(self) -> int:
        """Number from 1 of the first epoch with the best validation score; the last one without, or if told so."""
        if self.keep == "last" or MONITOR not in self.rows[-1]:
            return len(self.rows)
        return 1 + int(np.argmax([row[MONITOR] for row in self.rows]))

    @property
    def finished(self) -> bool:
        """Whether no more epochs are to come."""
        waited = len(self.rows) - self.best_epoch if self.rows else 0
        return len(self.rows) >= self.epochs or bool(self.patience and waited >= self.patience)

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self.started = time.perf_counter()
        self.bar = tqdm(
            total=self.steps, desc=f"epoch {epoch + 1}/{self.epochs}", unit="step", leave=False, disable=None
        )

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self.bar.update()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self.bar.close()
        assert logs is not None  # noqa: S101  Keras always gives them
        rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        values = {key: float(value) for key, value in logs.items()}
        row = {"epoch": epoch + 1, **values, "learning_rate": rate}
        self.rows.append({**row, "seconds": round(time.perf_counter() - self.started, 2)})
        is_best = self.best_epoch == epoch + 1
        if is_best:
            _replace_whole(self.folder / BEST, self.model.save_weights)
        _replace_whole(self.folder / HISTORY, lambda path: pd.DataFrame(self.rows).to_csv(path, index=False))
        print(self._line(is_best), flush=True)
        self.model.stop_training = self.finished

    def _line(self, is_best: bool) -> str:
        row = self.rows[-1]
        named = [
            f"{key} {row[key]:.4f}" for key in ("loss", "lwlrap", "val_loss", "val_lwlrap") if key in row
        ]
        star = " *" if is_best and MONITOR in row else ""
        figures = "  ".join(named)
        rate, seconds = row["learning_rate"], row["seconds"]
        return f"epoch {row['epoch']:3d}/{self.epochs}  {figures}  lr {rate:.2g}  {seconds:.1f} s{star}"


class Backup(keras.callbacks.Callback):
    """Keeps the whole state of training after each epoch: weights, optimiser, random states, history.

    A backup is a folder `epoch-N` that appears by renaming: one that is there is complete. Stands last, so that it
    keeps what the others did. Keras's BackupAndRestore loses the states of its random generators and is not whole
    if it is interrupted while it writes.
    """

    def __init__(self, folder: Path, history: History) -> None:
        super().__init__()
        self.folder, self.history = folder, history

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        made, partial = self.folder / f"epoch-{epoch + 1:05d}", self.folder / "partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        self.model.save_weights(partial / "state.weights.h5")
        generators = [keras.ops.convert_to_numpy(state).tolist() for state in random_states(self.model)]
        (partial / "state.json").write_text(json.dumps({"rows": self.history.rows, "random": generators}))
        os.replace(partial, made)
        for older in set(self.folder.glob("epoch-*")) - {made}:
            shutil.rmtree(older)


def restore(folder: Path, model: keras.Model) -> list[dict]:
    """Load the last complete backup into a compiled model; the history's rows so far, none without a backup."""
    backups = sorted(folder.glob("epoch-*"))
    if not backups:
        return []
    model.optimizer.build(model.trainable_variables)
    model.load_weights(backups[-1] / "state.weights.h5")
    state = json.loads((backups[-1] / "state.json").read_text())
    for variable, value in zip(random_states(model), state["random"], strict=True):
        variable.assign(np.asarray(value, variable.dtype))
    return state["rows"]


def random_states(model: keras.Model) -> list[Any]:
    """The variables of the model's random generators (Dropout), which Keras's weight files leave out."""
    return [variable for variable in model.variables if "seed_generator_state" in variable.path]


def _replace_whole(path: Path, write: Callable[[Path], Any]) -> None:
    partial = path.with_name("partial-" + path.name)
    write(partial)
    os.replace(partial, path)
