"""The loss of each batch, for a config that asks for it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import pandas as pd

from tagging.datasets.csv_files import write_csv
from tagging.runs.run import BATCHES, RunError
from tagging.training.replicas import n_replicas, own_part, share_of_mean

_KEY = "batch_loss"  # in the logs


class Latest(keras.metrics.Metric):
    """The last value that it was given."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name)
        self.value = self.add_weight(shape=(), initializer="zeros", name="value")

    def update_state(self, value: Any, sample_weight: Any = None) -> None:
        self.value.assign(value)

    def result(self) -> Any:
        return keras.ops.convert_to_tensor(self.value)  # of several copies of a model, the sum


class BatchModel(keras.Model):
    """A model that trains on what is left to do of a batch, and whose logs can have the loss of the last one.

    That is `batch_loss`, with the weights of the clips; Keras's own `loss` is the mean over the epoch so far.

    Args:
        inputs, outputs, name: as of `keras.Model`.
        notes_loss: False: logs are Keras's.
        finish: what a data set yields -> (inputs, labels) or (inputs, labels, weights), a part of the training step;
            None: it yields these.
        keeps_plain_loss: `loss` in the logs is what `compute_loss` of this class returns.
    """

    train_function: Any

    def __init__(
        self,
        inputs: Any,
        outputs: Any,
        name: str | None = None,
        notes_loss: bool = False,
        finish: Callable[[Any], Any] | None = None,
        keeps_plain_loss: bool = False,
    ) -> None:
        super().__init__(inputs, outputs, name=name)
        self.latest = Latest(_KEY) if notes_loss else None
        # Keras's own tracker sees what the optimiser lowers: with penalties, or of a copy its share.
        is_own = keeps_plain_loss or n_replicas() > 1
        self.plain_loss = keras.metrics.Mean(name="plain_loss") if is_own else None
        self.finish = finish

    def train_step(self, *state_and_data: Any) -> Any:
        """Keras's own: of a batch with TensorFlow, of all states and a batch with JAX."""
        *state, data = state_and_data
        return super().train_step(*state, own_part(self.finish(data) if self.finish else data))

    def _maybe_symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        """Nothing: `compiled_trainer` has built all. Keras's own takes the mean of a batch over the copies first."""

    def make_train_function(self, force: bool = False) -> None:
        """Keras's own; with JAX each call waits for the result of the step.

        Else the wait comes where Keras makes numbers of the logs, and a bare `except` there swallows Ctrl-C.
        """
        is_made = self.train_function is not None and not force
        super().make_train_function(force)
        if keras.backend.backend() != "jax" or is_made:
            return
        step = self.train_function

        def waiting(*state_and_batches: Any) -> Any:
            logs, state = step(*state_and_batches)
            keras.ops.convert_to_numpy(logs["loss"])
            return logs, state

        self.train_function = waiting

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        loss = super().compute_loss(x, y, y_pred, sample_weight, training)
        if self.plain_loss is not None:
            rows = keras.ops.shape(y)[0]
            self.plain_loss.update_state(loss * n_replicas(), sample_weight=rows)
            loss = loss * share_of_mean(rows)
        if self.latest is not None:
            self.latest.update_state(loss)
        return loss

    def get_metrics_result(self) -> dict[str, Any]:
        results = super().get_metrics_result()
        if self.plain_loss is not None:
            results["loss"] = results.pop("plain_loss")
        return results


class BatchLosses(keras.callbacks.Callback):
    """Writes `batches.csv` after each epoch: `epoch` and `batch` from 1, `loss`; trains a `BatchModel`.

    Stands before all that read the logs of an epoch, from which it takes its own away.

    Args:
        folder: gets the table.
        epochs: that were done before an interruption; what the table says of later ones is left out.
    """

    def __init__(self, folder: Path, epochs: int) -> None:
        super().__init__()
        self.file = folder / BATCHES
        self.rows = read_batches(self.file).query("epoch <= @epochs").to_dict("records")

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self.epoch = epoch + 1

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        assert logs is not None  # noqa: S101  Keras always gives them
        self.rows.append({"epoch": self.epoch, "batch": batch + 1, "loss": float(logs[_KEY])})

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        assert logs is not None  # noqa: S101  Keras always gives them
        del logs[_KEY]
        write_csv(self.file, pd.DataFrame(self.rows))


def read_batches(file: Path) -> pd.DataFrame:
    """The table that `BatchLosses` wrote, without rows if there is none.

    Raises:
        RunError: it is damaged.
    """
    kinds = {"epoch": int, "batch": int, "loss": float}
    if not file.is_file():
        return pd.DataFrame(columns=list(kinds))
    try:  # by way of text, as pandas's own reading of numbers may round
        return pd.read_csv(file, dtype=str)[list(kinds)].astype(kinds)
    except (ValueError, KeyError) as error:  # pandas's own errors are ValueErrors
        raise RunError(
            f"{file}: expected epoch, batch and loss of each batch, received a damaged file "
            f"({' '.join(str(error).split())}); remove it"
        ) from error
