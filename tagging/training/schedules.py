"""The learning rate of each epoch, a function of the settings and the epochs before: nothing else is to be kept."""

from collections.abc import Callable, Iterable, Sequence
from math import cos, inf, pi

import keras

from tagging.config.schedule import PlateauSettings
from tagging.config.stage import StageSettings
from tagging.evaluation.task_kinds import is_lower_better
from tagging.training.history import History


class Schedule(keras.callbacks.Callback):
    """Sets the rate of each epoch, and says so where it changes by a step or a plateau; stands before `History`.

    Other schedules change with every epoch, which the epoch's own line says.
    """

    def __init__(self, settings: StageSettings, history: History) -> None:
        super().__init__()
        self.settings, self.history = settings, history

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        monitor = self.settings.plateau.monitor or self.history.monitor
        rates, why = learning_rates(self.settings, monitor, self.history.rows)
        if why:
            print(f"learning rate {rates[-2]:.4g} -> {rates[-1]:.4g}: {why}", flush=True)
        self.model.optimizer.learning_rate = rates[-1]


def learning_rates(settings: StageSettings, monitor: str, rows: Sequence[dict]) -> tuple[list[float], str]:
    """(rates of the epochs of `rows` and of the one to come, why the last two differ; "" where they do not).

    A step after every `step.epochs` epochs, as PyTorch's StepLR; a plateau as its ReduceLROnPlateau. Together they
    multiply.

    Args:
        settings: its `learning_rate`, `schedule` with what belongs to it, and `epochs`.
        monitor: the column that a plateau is seen in.
        rows: of the history, one an epoch.
    """
    if share := SHARES.get(settings.schedule):
        return [settings.learning_rate * share(settings, epoch) for epoch in range(len(rows) + 1)], ""
    flat = [False] * len(rows)
    if settings.has_plateau:
        flat = plateaus(settings.plateau, (row[monitor] for row in rows), is_lower_better(monitor))
    rates, why = [settings.learning_rate], ""
    for epoch, is_flat in enumerate(flat, 1):
        rate, reasons = rates[-1], []
        if is_flat and rate > settings.plateau.min_learning_rate:
            rate = max(rate * settings.plateau.factor, settings.plateau.min_learning_rate)
            waited = settings.plateau.patience + 1
            reasons.append(f"no improvement of {monitor} for {waited} epoch{'s' * (waited > 1)}")
        if settings.has_steps and epoch % settings.step.epochs == 0:
            rate *= settings.step.gamma
            reasons.append(f"step after {epoch} epoch{'s' * (epoch > 1)}")
        rates.append(rate)
        why = ", ".join(reasons)
    return rates, why


def plateaus(settings: PlateauSettings, values: Iterable[float], lower_is_better: bool) -> list[bool]:
    """After which epochs the rate sinks: those in which `patience` + 1 in a row were no better than the best.

    An epoch is better if it passes best x (1 -+ threshold), or best -+ threshold; NaN is never better. As PyTorch's
    ReduceLROnPlateau, without its cooldown.
    """
    sign = -1 if lower_is_better else 1
    best, waited, sinks = -sign * inf, 0, []
    for value in values:
        margin = sign * settings.threshold
        bar = best * (1 + margin) if settings.threshold_mode == "relative" else best + margin
        if sign * value > sign * bar:
            best, waited = value, 0
        else:
            waited += 1
        sinks.append(waited > settings.patience)
        waited = 0 if sinks[-1] else waited
    return sinks


def cosine(settings: StageSettings, epoch: int) -> float:
    """From 1 down towards 0 along half a cosine.

    Loshchilov & Hutter 2017, arXiv:1608.03983, equation 5, without restarts.
    """
    return _eased(1, 0, epoch / settings.epochs)


def cosine_restarts(settings: StageSettings, epoch: int) -> float:
    """The same in cycles, each `restarts.factor` times as long as the one before; as Keras's CosineDecayRestarts."""
    length: float = settings.restarts.first_epochs
    start = 0.0
    while epoch >= start + length:
        start, length = start + length, length * settings.restarts.factor
    return _eased(1, 0, (epoch - start) / length)


def cyclic(settings: StageSettings, epoch: int) -> float:
    """Up from `cyclic.low_share` to 1 in `cyclic.rise_epochs` and down again, in straight lines.

    Smith 2017, arXiv:1506.01186; in mode `triangular2` each cycle reaches half as far up as the one before.
    """
    cycle, place = divmod(epoch, 2 * settings.cyclic.rise_epochs)
    height = 1 - abs(place / settings.cyclic.rise_epochs - 1)
    height *= 0.5**cycle if settings.cyclic.mode == "triangular2" else 1
    return settings.cyclic.low_share + (1 - settings.cyclic.low_share) * height


def exponential(settings: StageSettings, epoch: int) -> float:
    """`exponential.gamma` to the power of the epoch; as Keras's ExponentialDecay."""
    return settings.exponential.gamma**epoch


def one_cycle(settings: StageSettings, epoch: int) -> float:
    """From `one_cycle.start_share` up to 1 and down to `one_cycle.end_share`, along half a cosine each.

    Smith & Topin 2018, arXiv:1708.07120; PyTorch's OneCycleLR with one step an epoch, without cycling momentum. The
    highest rate may lie between two epochs. A rise of one epoch or less is left out.
    """
    cycle, last = settings.one_cycle, settings.epochs - 1
    top = max(0.0, cycle.rise_share * settings.epochs - 1)
    if epoch < top:
        return _eased(cycle.start_share, 1, epoch / top)
    return _eased(1, cycle.end_share, (epoch - top) / (last - top) if epoch > top else 0)


def _eased(first: float, last: float, share: float) -> float:
    """Between two values along half a cosine; share from 0 to 1."""
    return last + (first - last) * 0.5 * (1 + cos(pi * share))


SHARES: dict[str, Callable[[StageSettings, int], float]] = {
    function.__name__: function for function in (cosine, cosine_restarts, cyclic, exponential, one_cycle)
}
"""Schedules that know only the number of an epoch, from 0: the epoch's rate as a share of `learning_rate`."""
