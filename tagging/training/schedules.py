"""The learning rate of each epoch, a function of the settings and the epochs before: nothing else is to be kept."""

from collections.abc import Iterable, Sequence
from math import cos, inf, pi

import keras

from tagging.config.schedule import PlateauSettings
from tagging.config.stage import StageSettings
from tagging.evaluation.task_kinds import is_lower_better
from tagging.training.history import History


class Schedule(keras.callbacks.Callback):
    """Sets the rate of each epoch, and says so where it changes by a step or a plateau; stands before `History`.

    A cosine changes with every epoch, which the epoch's own line says.
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
        settings: its `learning_rate`, `schedule`, `step`, `plateau` and `epochs`.
        monitor: the column that a plateau is seen in.
        rows: of the history, one an epoch.
    """
    if settings.schedule == "cosine":
        return [cosine_rate(settings, epoch) for epoch in range(len(rows) + 1)], ""
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


def cosine_rate(settings: StageSettings, epoch: int) -> float:
    """Learning rate of an epoch, counted from 0: from `learning_rate` down towards 0 along half a cosine.

    Loshchilov & Hutter 2017, arXiv:1608.03983, equation 5, without restarts, one value an epoch.
    """
    return settings.learning_rate * 0.5 * (1 + cos(pi * epoch / settings.epochs))
