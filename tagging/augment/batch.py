"""The augmentations of a batch, in their order."""

from collections.abc import Sequence
from zlib import crc32

import tensorflow as tf

from tagging.augment.op import Batch, Op
from tagging.augment.settings import OPS, AugmentSettings

# The first streams of random numbers come out of one split of the seed, the later ones are folded into it.
_SPLIT_WAVEFORMS, _SPLIT_IMAGES = 4, 2


Step = tuple[str, Batch]
"""What was done to a batch, and the batch after it."""


def waveform_steps(batch: Batch, seed: tf.Tensor, settings: AugmentSettings) -> list[Step]:
    """Everything that happens before the front end, to the rows that are augmented; the others stay bit for bit.

    Stateless: the same arguments give the same batch, inside tf.data and outside. Rows are mixed with the next ones,
    so the order of the batch must be shuffled.

    Args:
        batch: of waveforms.
        seed: (2,) integers, another for each batch and epoch.
        settings: what happens.
    """
    on = settings.on(of_waveforms=True)
    limiters = [op for op in OPS if op.is_limiter and op not in on] if on else []
    ops = sorted([*on, *limiters], key=lambda op: op.place)
    return _steps(ops, batch, seed, _SPLIT_WAVEFORMS, settings)


def image_steps(batch: Batch, seed: tf.Tensor, settings: AugmentSettings) -> list[Step]:
    """As `waveform_steps`, everything that happens after the front end.

    Args:
        batch: of images, bands static. Where frames are not static, shares of the frames are those of a row's own
            length; otherwise of all frames.
        seed: (2,) integers, another for each batch and epoch.
        settings: what happens.

    Raises:
        ValueError: the time warp reaches too far for the frames, or an op needs static frames.
    """
    if batch.inputs.shape[1] is None and settings.of_fixed_frames:
        raise ValueError(
            f"augment.{settings.of_fixed_frames[0]}: expected images of a fixed number of frames, received sequences "
            "of unequal length; switch it off"
        )
    return _steps(settings.on(of_waveforms=False), batch, seed, _SPLIT_IMAGES, settings)


def augment_waveforms(batch: Batch, seed: tf.Tensor, settings: AugmentSettings) -> Batch:
    """The batch after all of `waveform_steps`."""
    return last([("", batch), *waveform_steps(batch, seed, settings)])


def augment_images(batch: Batch, seed: tf.Tensor, settings: AugmentSettings) -> Batch:
    """The batch after all of `image_steps`."""
    return last([("", batch), *image_steps(batch, seed, settings)])


def last(steps: Sequence[Step]) -> Batch:
    """The batch after the last step."""
    return steps[-1][1]


def _steps(
    ops: Sequence[Op], batch: Batch, seed: tf.Tensor, split: int, settings: AugmentSettings
) -> list[Step]:
    steps = []
    for op in ops:
        batch = _applied(op, batch, _stream(op, seed, split), settings)
        steps.append((settings.title(op), batch))
    return steps


def _stream(op: Op, seed: tf.Tensor, split: int) -> tf.Tensor:
    """The seed of an op, (2,) integers."""
    stream = crc32(op.key.encode()) & 0x7FFFFFFF if op.stream is None else op.stream
    return tf.random.split(seed, split)[stream] if stream < split else tf.random.fold_in(seed, stream)


def _applied(op: Op, batch: Batch, seed: tf.Tensor, settings: AugmentSettings) -> Batch:
    new = op.apply(batch, seed, *settings.parts(op))
    kept = {
        name: _where(batch.is_augmented, getattr(new, name), getattr(batch, name))
        for name in ("inputs", "labels", "weights")
    }
    return batch._replace(edges_hz=new.edges_hz, **kept)


def _where(is_augmented: tf.Tensor, new: tf.Tensor, old: tf.Tensor) -> tf.Tensor:
    """Rows of `new` where they are augmented, of `old` elsewhere."""
    if new is old:
        return old
    return tf.where(tf.reshape(is_augmented, [-1] + [1] * (len(old.shape) - 1)), new, old)
