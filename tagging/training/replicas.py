"""One training over several devices: each batch is shared among them, and their gradients are added up."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import keras
import tensorflow as tf

from tagging.config.stage import StageSettings
from tagging.training.device import gpus
from tagging.training.devices import DevicesError

SPLIT_STATISTICS = (
    "batch normalisation: each device uses the mean and variance of its own part of a batch, so that the result is not "
    "that of one device (docs/performance.md#several-gpus)"
)


class WholeBatches(keras.distribution.DataParallel):
    """Data parallel training in which each device is given whole batches, of which `own_part` leaves it a part.

    So the last batch of an epoch may have any size, and what a batch brings along needs no rows: Keras's own layout
    cuts all inputs alike by the first axis.
    """

    def get_data_layout(self, data_shape: Sequence[int]) -> keras.distribution.TensorLayout:
        return keras.distribution.TensorLayout([None] * len(data_shape), self.device_mesh)


@contextmanager
def shared_by(n: int) -> Iterator[None]:
    """What is built and trained in the block is shared by the first `n` devices that this process sees."""
    if n < 2:
        yield
    elif keras.backend.backend() == "jax":
        before = keras.distribution.distribution()
        keras.distribution.set_distribution(WholeBatches(devices=keras.distribution.list_devices()[:n]))
        try:
            yield
        finally:
            keras.distribution.set_distribution(before)
    else:
        with _mirrored("GPU" if gpus() else "CPU", n).scope():
            yield


@cache
def _mirrored(kind: str, n: int) -> tf.distribute.Strategy:
    """One for all stages of a process: two would count their sums of gradients alike, and take each other's."""
    return tf.distribute.MirroredStrategy([f"{kind}:{number}" for number in range(n)])


def n_replicas() -> int:
    """Copies of a model that train at once, each on its part of a batch: TensorFlow's, as JAX has one over all."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def n_devices() -> int:
    """Devices that share a training."""
    distribution = keras.distribution.distribution()
    return n_replicas() if distribution is None else distribution.device_mesh.devices.size


def check_compiled(settings: StageSettings, n: int) -> None:
    """Raises DevicesError for XLA on several devices where TensorFlow lacks it."""
    if n > 1 and settings.jit_compile == "on" and keras.backend.backend() == "tensorflow":
        raise DevicesError(
            f"train.jit_compile=on: expected auto or off on {n} devices, over which TensorFlow has no XLA; "
            "KERAS_BACKEND=jax does"
        )


def dealt(batches: tf.data.Dataset) -> Any:
    """The batches for `fit`: each goes to each of the copies."""
    n, strategy = n_replicas(), tf.distribute.get_strategy()
    if n == 1:
        return batches

    def repeated(*batch: Any) -> tf.data.Dataset:
        return tf.data.Dataset.from_tensors(batch).repeat(n)

    return strategy.distribute_datasets_from_function(lambda _: batches.flat_map(repeated).prefetch(2 * n))


def own_part(batch: tuple) -> tuple:
    """Of a finished batch (images, labels, ...) the rows of this device, as equal in number as can be."""
    distribution = keras.distribution.distribution()
    if distribution is not None:
        return tuple(_sharded(part, distribution) for part in batch)
    if n_replicas() == 1:
        return batch
    context, n = tf.distribute.get_replica_context(), n_replicas()
    number, rows = tf.cast(context.replica_id_in_sync_group, tf.int32), tf.shape(batch[0])[0]
    start, end = rows * number // n, rows * (number + 1) // n
    is_short = rows < n  # then each copy has them all
    start, end = tf.where(is_short, 0, start), tf.where(is_short, rows, end)
    return tuple(part[start:end] for part in batch)


def _sharded(part: Any, distribution: Any) -> Any:
    axes = [distribution.batch_dim_name, *[None] * (len(part.shape) - 1)]
    return keras.distribution.distribute_tensor(
        part, keras.distribution.TensorLayout(axes, distribution.device_mesh)
    )


def share_of_mean(rows: Any) -> Any:
    """What the mean over this copy's rows counts for in the mean over the batch, times the number of copies.

    1 if all copies have as many rows; Keras divides losses by the number of copies.
    """
    n = n_replicas()
    if n == 1:
        return 1.0
    rows = tf.cast(rows, tf.float32)
    return n * rows / tf.distribute.get_replica_context().all_reduce("sum", rows)


def everywhere(function: Any) -> None:
    """Call it on each of the copies, as `fit` does."""
    if n_replicas() == 1:
        function()
    else:
        tf.distribute.get_strategy().run(function)


def splits_statistics(network: keras.Model) -> bool:
    """Whether each copy normalises its own part of a batch by that part's statistics, so that results differ."""
    if n_replicas() == 1:
        return False
    layers = network._flatten_layers()  # of backbones, too
    return any(isinstance(layer, keras.layers.BatchNormalization) and layer.trainable for layer in layers)
