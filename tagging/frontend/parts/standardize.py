"""Images brought to mean 0 and deviation 1 in every band, by statistics of the training clips."""

from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
from keras import ops

from tagging.frontend.parts.chain import FrontendChain
from tagging.frontend.settings import FrontendError

_CONSTANT = 1e-7  # of the mean: a deviation under it is rounding of float32


@keras.saving.register_keras_serializable(package="tagging")
class Standardize(keras.layers.Layer):
    """image -> (image - mean) / deviation of its band; (batch, frames, bands, channels), float32, frames may be None.

    Until `set_statistics` is called, images pass as they are. After it, 0 is the mean of a band, not silence.
    NaN (frames of padding) stays NaN. The statistics are weights of the model that do not train.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float32"})

    def build(self, input_shape: tuple) -> None:
        bands = (input_shape[-2],)
        self.mean = self.add_weight(shape=bands, initializer="zeros", trainable=False, name="mean")
        self.deviation = self.add_weight(shape=bands, initializer="ones", trainable=False, name="deviation")

    def call(self, image: Any) -> Any:
        return (image - ops.expand_dims(self.mean, -1)) / ops.expand_dims(self.deviation, -1)

    def set_statistics(self, mean: np.ndarray, deviation: np.ndarray) -> None:
        """Take what `band_statistics` gives, (bands,) each; the layer must have been built.

        Raises:
            FrontendError: they are not finite numbers of this layer's bands, or a deviation is not above 0.
        """
        for name, values in (("mean", mean), ("deviation", deviation)):
            if np.shape(values) != self.mean.shape or not np.isfinite(values).all():
                raise FrontendError(
                    f"expected a finite {name} for each of {self.mean.shape[0]} bands, received {np.shape(values)}; "
                    "compute the statistics on images of this front end"
                )
        if np.min(deviation) <= 0:
            raise FrontendError(f"expected deviations above 0, received {np.min(deviation):g}")
        self.mean.assign(mean)
        self.deviation.assign(deviation)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape


def standardize_of(frontend: keras.Layer) -> Standardize | None:
    """The `Standardize` at the end of a front end; None if it has none."""
    last = frontend.steps[-1] if isinstance(frontend, FrontendChain) else frontend
    return last if isinstance(last, Standardize) else None


def band_statistics(batches: Iterable[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation of each band over all clips, frames and channels; (bands,) float64 each.

    Frames with a NaN (padding) are left out; a band that never changes gets deviation 1. Batches are joined as in
    Chan, Golub and LeVeque 1983, "Algorithms for computing the sample variance", equation 2.1.

    Args:
        batches: images (batch, frames, bands, channels) that were not standardised yet.

    Raises:
        FrontendError: there is no frame at all.
    """
    count, mean, squares = 0, np.zeros(1), np.zeros(1)
    for images in batches:
        rows = np.moveaxis(images, 2, -1).reshape(-1, images.shape[2]).astype(np.float64)
        rows = rows[~np.isnan(rows).any(axis=1)]
        if not len(rows):
            continue
        own = rows.mean(axis=0)
        step, total = own - mean, count + len(rows)
        squares = squares + np.square(rows - own).sum(axis=0) + step**2 * (count * len(rows) / total)
        mean, count = mean + step * (len(rows) / total), total
    if not count:
        raise FrontendError(
            "expected images to take the mean and deviation of, received none; check the training clips"
        )
    deviation = np.sqrt(squares / count)
    return mean, np.where(deviation <= _CONSTANT * np.abs(mean), 1.0, deviation)
