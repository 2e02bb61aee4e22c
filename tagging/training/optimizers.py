"""The optimiser of a stage, and how its steps are compiled."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tagging.config.stage import StageSettings
from tagging.training.device import gpus
from tagging.training.replicas import n_replicas

_CLASSES: dict[str, Any] = {name.lower(): value for name, value in vars(keras.optimizers).items()}
"""Keras's optimizers by their names in lower case; `keras.optimizers.get` does not know all of them."""


def build_optimizer(settings: StageSettings, depths: Sequence[int] = ()) -> keras.optimizers.Optimizer:
    """The optimiser of the settings, with clipping of gradients and the average of weights where they ask for it.

    What the settings leave open is as in Keras, such as betas of 0.9 and 0.999, and a decay of 0.004 for `adamw`.

    Args:
        settings: of the stage.
        depths: blocks from the head to each variable that trains, for `block_decay`.
    """
    options: dict[str, Any] = {"learning_rate": settings.learning_rate}
    if settings.optimizer == "sgd":
        options["momentum"] = settings.momentum
    if settings.decouples_decay and settings.weight_decay is not None:
        options["weight_decay"] = settings.weight_decay
        if settings.optimizer == "muon":  # biases and kernels with other than two axes are Adam's
            options["adam_weight_decay"] = settings.weight_decay
    if settings.clip_norm is not None:
        options["global_clipnorm"] = settings.clip_norm
    if settings.ema_momentum:
        options |= {"use_ema": True, "ema_momentum": settings.ema_momentum}
    kind = _CLASSES[settings.optimizer]
    if settings.block_decay < 1:
        kind = _with_factors(kind, [settings.block_decay**depth for depth in depths])
    if settings.clip_norm is not None and n_replicas() > 1:
        kind = _clipping_sums(kind)
    return kind(**options)


def _clipping_sums(kind: Any) -> Any:
    """The optimiser clips the gradient of the whole batch; Keras's own clips that of each device before they add up."""

    class ClippingSums(kind):
        def _clip_gradients(self, grads: Any) -> Any:
            return super()._clip_gradients(tf.distribute.get_replica_context().all_reduce("sum", grads))

        def _all_reduce_sum_gradients(self, grads_and_vars: Any) -> Any:
            return list(grads_and_vars)

    return ClippingSums


def _with_factors(kind: Any, factors: Sequence[float]) -> Any:
    """The optimiser with the rate of each variable times its factor, in its step and in decoupled weight decay.

    Layer-wise decay of the rate, as in Bao, Dong, Piao and Wei 2022 (BEiT), arXiv:2106.08254.
    """

    class WithFactors(kind):
        share = 1.0  # of the rate, while a variable decays

        def _get_current_learning_rate(self) -> Any:
            return super()._get_current_learning_rate() * self.share

        def _apply_weight_decay(self, variables: Any) -> None:
            for variable in variables:
                self.share = factors[self._get_variable_index(variable)]
                super()._apply_weight_decay([variable])
            self.share = 1.0

        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            factor = factors[self._get_variable_index(variable)]
            super().update_step(gradient, variable, learning_rate * factor)

    return WithFactors


def uses_xla(settings: StageSettings, network: keras.Model) -> bool:
    """`auto` is on with a single GPU, for networks without recurrent layers and images of one length; and with JAX.

    On a CPU XLA is several times slower for these networks; it compiles again for each length. JAX is nothing else.
    """
    if settings.jit_compile == "auto":
        if keras.backend.backend() == "jax":
            return True
        recurrent = (keras.layers.RNN, keras.layers.Bidirectional)
        is_recurrent = any(isinstance(layer, recurrent) for layer in network.layers)
        fits = not is_recurrent and None not in network.input_shape[1:]
        return fits and bool(gpus()) and n_replicas() == 1
    return settings.jit_compile == "on"
