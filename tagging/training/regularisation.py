"""Penalties on large weights, added to the loss."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from tagging.config.stage import StageSettings
from tagging.training.batch_loss import BatchModel
from tagging.training.replicas import n_replicas


@dataclass(frozen=True)
class Penalty:
    """A sum over weights, as large as they are.

    Attributes:
        l1: times sum |w| over kernels, as `keras.regularizers.L1`.
        l2: times sum w^2 over kernels, as `keras.regularizers.L2`.
        decay: times sum w^2 / 2 over all that trains, biases too: its gradient, decay x w, is what PyTorch's Adam and
            SGD add for their `weight_decay`.
    """

    l1: float = 0.0
    l2: float = 0.0
    decay: float = 0.0

    def __bool__(self) -> bool:
        return bool(self.l1 or self.l2 or self.decay)

    def of(self, variables: list[keras.Variable]) -> Any:
        """The penalty of these trainable variables, a scalar."""
        kernels = [variable for variable in variables if is_kernel(variable)]
        parts = [self.l1 * ops.sum(ops.abs(w)) for w in kernels if self.l1]
        parts += [self.l2 * ops.sum(ops.square(w)) for w in kernels if self.l2]
        parts += [0.5 * self.decay * ops.sum(ops.square(w)) for w in variables if self.decay]
        return sum(parts, start=ops.zeros(()))


def is_kernel(variable: keras.Variable) -> bool:
    """Whether it is what inputs or states are multiplied by: no bias, nothing of a normalisation.

    By its name in Keras (`kernel`, `recurrent_kernel`, `depthwise_kernel` ...): the bias of a GRU is a matrix, too.
    """
    return variable.name.endswith("kernel")


def penalty_of(settings: StageSettings) -> Penalty:
    """The penalty of these settings; decoupled weight decay is the optimiser's own and not in it."""
    decay = 0.0 if settings.decouples_decay else settings.weight_decay or 0.0
    return Penalty(settings.l1, settings.l2, decay)


class PenalisedModel(BatchModel):
    """Lowers loss + penalty. In its logs, `loss` is without the penalty, as `val_loss` is, and `penalty` is apart.

    Args:
        inputs, outputs, name, notes_loss, finish: as of `BatchModel`.
        penalty: on the weights that train.
    """

    def __init__(
        self,
        inputs: Any,
        outputs: Any,
        penalty: Penalty,
        name: str | None = None,
        notes_loss: bool = False,
        finish: Callable[[Any], Any] | None = None,
    ) -> None:
        super().__init__(inputs, outputs, name, notes_loss, finish, keeps_plain_loss=True)
        self.penalty = penalty
        self.penalties = keras.metrics.Mean(name="penalty")

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        loss = super().compute_loss(x, y, y_pred, sample_weight, training)
        penalty = self.penalty.of(self.trainable_variables)
        self.penalties.update_state(penalty, sample_weight=ops.shape(y)[0])
        return loss + penalty / n_replicas()  # gradients of copies are added up
