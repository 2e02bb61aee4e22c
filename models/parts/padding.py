"""Clips of unequal length in one batch: what is padding takes no part, so that a clip's result is its own.

A batch of variable length is padded at the end with frames of NaN. `SplitPadding` turns them into zeros and a mask
`valid` (batch, frames), True for frames of the clip. Behind every layer that would fill the padding again, `Blank`
makes it zero: convolutions then see beyond the end of a clip the zeros that they would see beyond that of the image.
"""

from typing import Any

import keras
from keras import layers, ops

JOINED = "mean_max_joined"
POOLS = ("mean", "max", "mean_max", JOINED)


@keras.saving.register_keras_serializable(package="models")
class SplitPadding(layers.Layer):
    """(batch, frames, bands) with NaN in all bands of padding -> (the same with 0 there, valid (batch, frames)).

    A frame with NaN in some bands only is left as it is: that is no padding but an error of the data.
    """

    def call(self, sequence: Any) -> tuple[Any, Any]:
        valid = ops.logical_not(ops.all(ops.isnan(sequence), axis=-1))
        return ops.where(valid[..., None], sequence, 0.0), valid

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape, input_shape[:-1]

    def compute_output_spec(self, sequence: Any) -> tuple[keras.KerasTensor, keras.KerasTensor]:
        shape, mask_shape = self.compute_output_shape(sequence.shape)
        return keras.KerasTensor(shape, sequence.dtype), keras.KerasTensor(mask_shape, "bool")


class _Unmasked(layers.Layer):
    """Ends the masks that Keras hangs on tensors of its own: ours are passed by hand, each of the right length."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def compute_mask(self, *_: Any, **__: Any) -> None:
        return None


@keras.saving.register_keras_serializable(package="models")
class Blank(_Unmasked):
    """(batch, steps, channels) with zeros where `valid` (batch, steps) is False."""

    def call(self, x: Any, valid: Any) -> Any:
        return ops.where(valid[..., None], x, ops.zeros_like(x))

    def compute_output_shape(self, input_shape: tuple, *_: tuple) -> tuple:
        return input_shape


@keras.saving.register_keras_serializable(package="models")
class EveryNth(layers.Layer):
    """The mask (batch, steps) of a sequence -> that of its windows of `n` steps, (batch, ceil(steps / n)).

    A window is valid if it holds any step of the clip. Padding stands at the end, so that its first step decides.

    Args:
        n: steps between the starts of windows.
    """

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n = n

    def call(self, valid: Any) -> Any:
        return valid[:, :: self.n]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "n": self.n}


@keras.saving.register_keras_serializable(package="models")
class MaxPoolTime(_Unmasked):
    """(batch, steps, channels) -> (batch, ceil(steps / pool_size), channels), maxima over the valid steps of windows.

    Windows start at the first step, whatever the length ("same" pooling of Keras shifts them); the last one may be
    cut short by the end. Windows of padding only are 0.

    Args:
        pool_size: steps of a window.
    """

    def __init__(self, pool_size: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.pool_size = pool_size

    def call(self, x: Any, valid: Any = None) -> Any:
        # Finite, as a maximum over -inf has no gradient everywhere; nothing that is true is below it.
        lowest = -6e4 if x.dtype == "float16" else -1e38
        if valid is not None:
            x = ops.where(valid[..., None], x, ops.full_like(x, lowest))
        x = ops.pad(x, ((0, 0), (0, self.pool_size - 1), (0, 0)), constant_values=lowest)
        x = ops.max_pool(x, self.pool_size, self.pool_size, "valid", data_format="channels_last")
        if valid is None:
            return x
        return ops.where(valid[:, :: self.pool_size, None], x, ops.zeros_like(x))

    def compute_output_shape(self, input_shape: tuple, *_: tuple) -> tuple:
        batch, steps, channels = input_shape
        return batch, None if steps is None else -(-steps // self.pool_size), channels

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "pool_size": self.pool_size}


@keras.saving.register_keras_serializable(package="models")
class PoolOverTime(_Unmasked):
    """(batch, steps, channels) -> (batch, channels) float32 over the valid steps; `mean_max_joined` has twice as many.

    Args:
        pool: `mean`, `max`, `mean_max` (their sum) or `mean_max_joined` (mean, then maximum).
    """

    def __init__(self, pool: str, **kwargs: Any) -> None:
        # A mean over a thousand steps in float16 would lose digits.
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.pool = pool

    def call(self, x: Any, valid: Any = None) -> Any:
        mean, most = _mean(x, valid), _max(x, valid)
        if self.pool == JOINED:
            return ops.concatenate([mean, most], axis=-1)
        return {"mean": mean, "max": most, "mean_max": mean + most}[self.pool]

    def compute_output_shape(self, input_shape: tuple, *_: tuple) -> tuple:
        batch, _, channels = input_shape
        return batch, channels * (2 if self.pool == JOINED else 1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "pool": self.pool}


def _mean(x: Any, valid: Any) -> Any:
    if valid is None:
        return ops.mean(x, axis=1)
    weights = ops.cast(valid, x.dtype)[..., None]
    return ops.sum(x * weights, axis=1) / ops.sum(weights, axis=1)


def _max(x: Any, valid: Any) -> Any:
    return ops.max(x if valid is None else ops.where(valid[..., None], x, -1e38), axis=1)
