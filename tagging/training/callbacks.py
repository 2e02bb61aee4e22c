"""What happens around an epoch apart from its history: a check for divergence, validation, averages, watchers."""

from collections.abc import Callable

import keras
import numpy as np

from tagging.runs.run import RunError
from tagging.training.history import History


class RefuseDivergence(keras.callbacks.Callback):
    """Ends a training whose loss is no longer a number, before anything uses it; comes first."""

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


class Watch(keras.callbacks.Callback):
    """Shows somebody the history's row of an epoch; what they raise ends training. Stands behind `History`.

    It stands before the backup, so that nothing is missed: an epoch that is done again is shown again.
    """

    def __init__(self, history: History, watcher: Callable[[dict], None]) -> None:
        super().__init__()
        self.history, self.watcher = history, watcher

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self.watcher(self.history.rows[-1])
