"""What is known after an epoch: its row, which epoch is the best, its weights, and whether to stop.

All of it is in the rows, so that an interrupted stage resumes exactly where it stopped.
"""

import time
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from tqdm import tqdm

from foundation.full_disk import saving
from tagging.config.stage import StageSettings
from tagging.datasets.csv_files import write_csv
from tagging.evaluation.task_kinds import TaskKind, is_lower_better
from tagging.runs.run import HISTORY

BEST = "best.weights.h5"
_HDF5_BYTES = 8192  # of each variable, besides its values


class History(keras.callbacks.Callback):
    """Rows of all epochs, the best weights among them, early stopping, and a line on the screen for each.

    Args:
        folder: gets `history.csv` and `best.weights.h5` (the averaged ones, where there are), each whole.
        steps: of an epoch.
        settings: its `epochs`, `patience`, `keeps_last` and `monitor`.
        kind: of the task; says what is monitored by default, and what is shown.
        rows: of the epochs before an interruption.
    """

    def __init__(
        self, folder: Path, settings: StageSettings, steps: int, kind: TaskKind, rows: list[dict]
    ) -> None:
        super().__init__()
        self.folder, self.steps, self.rows = folder, steps, rows
        self.monitor, self.metric = monitored(settings, kind), kind.metric.key
        self.epochs, self.patience = settings.epochs, settings.patience
        self.keeps_last = settings.keeps_last

    @property
    def best_epoch(self) -> int:
        """Number from 1 of the first epoch with the best validation score; the last one without, or if told so."""
        if self.keeps_last or self.monitor not in self.rows[-1]:
            return len(self.rows)
        values = [row[self.monitor] for row in self.rows]
        if np.isnan(values).all():  # not defined so far, e.g. a correlation of equal values
            return len(self.rows)
        return 1 + int(np.nanargmin(values) if is_lower_better(self.monitor) else np.nanargmax(values))

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
            with saving(self.folder / BEST, weights_bytes(self.model)) as partial:
                self.model.save_weights(partial)
        write_csv(self.folder / HISTORY, pd.DataFrame(self.rows))
        print(self._line(is_best), flush=True)
        self.model.stop_training = self.finished

    def _line(self, is_best: bool) -> str:
        row = self.rows[-1]
        named = [
            f"{key} {row[key]:.4f}"
            for key in dict.fromkeys(("loss", self.metric, "val_loss", f"val_{self.metric}", self.monitor))
            if key in row
        ]
        star = " *" if is_best and self.monitor in row else ""
        figures = "  ".join(named)
        rate, seconds = row["learning_rate"], row["seconds"]
        to_come = 0 if self.finished else self.epochs - row["epoch"]
        left = f", {tqdm.format_interval(to_come * seconds)} left" if to_come else ""
        return f"epoch {row['epoch']:3d}/{self.epochs}  {figures}  lr {rate:.2g}  {seconds:.1f} s{left}{star}"


def weights_bytes(model: keras.Model) -> int:
    """At most so large is an HDF5 file of all the model's variables and those of its optimiser."""
    variables = [*model.variables, *model.optimizer.variables]
    return sum(_HDF5_BYTES + int(np.prod(each.shape)) * np.dtype(each.dtype).itemsize for each in variables)


def monitored(settings: StageSettings, kind: TaskKind) -> str:
    """The column of the history that says which epoch is better."""
    return settings.monitor or f"val_{kind.metric.key}"
