"""A front end of several layers."""

from typing import Any

import keras


@keras.saving.register_keras_serializable(package="tagging")
class FrontendChain(keras.layers.Layer):
    """Layers one after the other, in float32 and on inputs of any length.

    `keras.Sequential` is neither: under mixed precision it casts waveforms to float16, also those of a saved model,
    and it keeps to the length that it met first.

    Args:
        steps: the layers.
    """

    def __init__(self, steps: list[keras.layers.Layer], **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.steps = list(steps)

    def build(self, input_shape: tuple) -> None:
        for step in self.steps:
            if not step.built:  # the steps of a saved model are built before the chain is
                step.build(input_shape)
            input_shape = step.compute_output_shape(input_shape)

    def call(self, inputs: Any, edges_hz: Any = None) -> Any:
        *first, last = self.steps
        for step in first:
            inputs = step(inputs)
        return last(inputs) if edges_hz is None else last(inputs, edges_hz)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        for step in self.steps:
            input_shape = step.compute_output_shape(input_shape)
        return input_shape

    def get_config(self) -> dict[str, Any]:
        steps = [keras.saving.serialize_keras_object(step) for step in self.steps]
        return {**super().get_config(), "steps": steps}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "FrontendChain":
        steps = [keras.saving.deserialize_keras_object(step) for step in config["steps"]]
        return cls(**{**config, "steps": steps})
