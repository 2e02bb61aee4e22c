"""Functions of tensors compiled by what computes: TensorFlow, or JAX as Keras's backend."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf


def compiled(
    function: Callable, variables: Sequence[keras.Variable], signature: Sequence[tf.TensorSpec] | None = None
) -> Callable:
    """The function, which changes no variables, traced once for each kind of inputs; make it once.

    Args:
        function: tensors -> tensors, by layers and `keras.ops`.
        variables: those it reads; each call sees their values of that time.
        signature: of its inputs, for one trace of all shapes that fit. JAX traces each shape.
    """
    if keras.backend.backend() == "jax":
        return _by_jax(function, variables)
    return tf.function(
        function, input_signature=signature, reduce_retracing=signature is None, autograph=False
    )


def _by_jax(function: Callable, variables: Sequence[keras.Variable]) -> Callable:
    import jax  # noqa: PLC0415  not one of the requirements

    @jax.jit
    def of_values(values: Sequence[Any], *inputs: Any) -> Any:
        with keras.StatelessScope(state_mapping=list(zip(variables, values, strict=True))):
            return function(*inputs)

    return lambda *inputs: of_values(
        [each.value for each in variables], *map(keras.ops.convert_to_tensor, inputs)
    )
