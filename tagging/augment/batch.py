"""The augmentations of a batch, in their order: what is drawn for it, and what is then done to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import keras
import tensorflow as tf
from keras import ops

from tagging.augment.op import Batch, Op, Rows
from tagging.augment.settings import OPS, AugmentSettings
from tagging.augment.spec_augment import own_lengths

# The first streams of random numbers come out of one split of the seed, the later ones are folded into it.
_SPLIT_WAVEFORMS, _SPLIT_IMAGES = 4, 2

Step = tuple[str, Batch]
"""What was done to a batch, and the batch after it."""

Drawn = tuple[Any, ...]
"""What each op of a chain has drawn, tensors with the rows first."""


@dataclass(frozen=True)
class Chain:
    """Augmentations that are applied one after the other.

    The same arguments draw the same. Rows are mixed with the next ones, so the order of the batch must be shuffled.

    Attributes:
        ops: in their order.
        settings: theirs, and those of others.
        split: streams that come out of one split of the seed.
    """

    ops: Sequence[Op]
    settings: AugmentSettings
    split: int

    def draw(self, rows: Rows, seed: tf.Tensor) -> Drawn:
        """What is random in all of them.

        Args:
            rows: which are to be augmented.
            seed: (2,) integers, another for each batch and epoch.

        Raises:
            ValueError: the time warp reaches too far for the frames, or an op needs images of one length.
        """
        if rows.lengths is not None and self.settings.of_fixed_frames:
            raise ValueError(
                f"augment.{self.settings.of_fixed_frames[0]}: expected images of a fixed number of frames, received "
                "sequences of unequal length; switch it off"
            )
        return tuple(op.draw(rows, self._stream(op, seed), *self.settings.parts(op)) for op in self.ops)

    def steps(self, batch: Batch, drawn: Drawn) -> list[Step]:
        """The batch after each of them; rows that are not augmented stay bit for bit."""
        steps = []
        for op, numbers in zip(self.ops, drawn, strict=True):
            batch = _applied(op, batch, numbers, self.settings)
            steps.append((self.settings.title(op), batch))
        return steps

    def _stream(self, op: Op, seed: tf.Tensor) -> tf.Tensor:
        """The seed of an op, (2,) integers."""
        stream = crc32(op.key.encode()) & 0x7FFFFFFF if op.stream is None else op.stream
        is_split = stream < self.split
        return tf.random.split(seed, self.split)[stream] if is_split else tf.random.fold_in(seed, stream)


def tensorflow_chain(settings: AugmentSettings) -> Chain:
    """Ops of waveforms that are always applied in tf.data, before all others."""
    ops_on = [op for op in settings.on(of_waveforms=True) if op.is_tensorflow]
    return Chain(ops_on, settings, _SPLIT_WAVEFORMS)


def waveform_chain(settings: AugmentSettings) -> Chain:
    """All other ops before the front end, with the limiters if there are any (also in `tensorflow_chain`)."""
    ops_on = settings.on(of_waveforms=True)
    limiters = [op for op in OPS if op.is_limiter and op not in ops_on] if ops_on else []
    later = sorted([*ops_on, *limiters], key=lambda op: op.place)
    return Chain([op for op in later if not op.is_tensorflow], settings, _SPLIT_WAVEFORMS)


def image_chain(settings: AugmentSettings) -> Chain:
    """The ops behind the front end, on images whose bands are static.

    Where frames are not, shares of the frames are those of a row's own length; otherwise of all frames.
    """
    return Chain(settings.on(of_waveforms=False), settings, _SPLIT_IMAGES)


def rows_of(inputs: tf.Tensor) -> Rows:
    """What there is to know of a batch of waveforms or images for drawing."""
    n, *shape = inputs.shape
    if None in shape:
        return Rows(tf.shape(inputs)[0], (tf.shape(inputs)[1], *shape[1:]), own_lengths(inputs[..., 0]))
    return Rows(tf.shape(inputs)[0] if n is None else n, tuple(shape))


def augment_waveforms(batch: Batch, seed: tf.Tensor, settings: AugmentSettings) -> Batch:
    """The batch after everything that happens before the front end."""
    for chain in (tensorflow_chain(settings), waveform_chain(settings)):
        batch = _augmented(batch, seed, chain)
    return batch


def augment_images(batch: Batch, seed: tf.Tensor, settings: AugmentSettings) -> Batch:
    """The batch after everything that happens behind the front end."""
    return _augmented(batch, seed, image_chain(settings))


def last(steps: Sequence[Step]) -> Batch:
    """The batch after the last step."""
    return steps[-1][1]


def _augmented(batch: Batch, seed: tf.Tensor, chain: Chain) -> Batch:
    batch, drawn = as_tensors((batch, chain.draw(rows_of(batch.inputs), seed)))
    return last([("", batch), *chain.steps(batch, drawn)])


def as_tensors(parts: Any) -> Any:
    """TensorFlow's tensors in nested tuples as those of the backend, which may be another; `None` stays."""
    return keras.tree.map_structure(ops.convert_to_tensor, parts, none_is_leaf=False)


def _applied(op: Op, batch: Batch, drawn: Any, settings: AugmentSettings) -> Batch:
    new = op.apply(batch, drawn, *settings.parts(op))
    backend = tf if op.is_tensorflow else ops
    kept = {
        name: _where(batch.is_augmented, getattr(new, name), getattr(batch, name), backend)
        for name in ("inputs", "labels", "weights")
    }
    return batch._replace(edges_hz=new.edges_hz, **kept)


def _where(is_augmented: Any, new: Any, old: Any, backend: Any) -> Any:
    """Rows of `new` where they are augmented, of `old` elsewhere."""
    if new is old:
        return old
    return backend.where(backend.reshape(is_augmented, [-1] + [1] * (len(old.shape) - 1)), new, old)
