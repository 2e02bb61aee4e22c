"""Circular shift of waveforms, whose one setting is `augment.time_shift_share`."""

from typing import Any

from tagging.augment.op import Batch, Op


def apply(batch: Batch, seed: Any, share: float) -> Batch:
    import tensorflow as tf

    from tagging.augment.time_shift import apply_shift, draw_shifts

    waves = batch.inputs
    shifts = draw_shifts(tf.shape(waves)[0], round(share * waves.shape[1]), seed)
    return batch._replace(inputs=apply_shift(waves, shifts))


OPS = (Op(apply, {"time_shift_share": float}, place=600, of_waveforms=True, stream=3),)
