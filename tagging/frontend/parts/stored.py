"""The front end of features that were computed offline."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="tagging")
class StoredFeatures(keras.layers.Layer):
    """(batch, steps, bands) -> (batch, steps, bands, 1), float32; steps may be None, and NaN (padding) stays NaN."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.trainable = False

    def call(self, features: Any) -> Any:
        return ops.expand_dims(features, -1)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return (*input_shape, 1)
