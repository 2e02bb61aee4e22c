"""Circular shift of waveforms, whose one setting is `augment.time_shift_share`."""

from typing import Any

from tagging.augment.op import Batch, Op, Rows


def draw(rows: Rows, seed: Any, share: float) -> Any:
    from tagging.augment.time_shift import draw_shifts

    return draw_shifts(rows.n, round(share * rows.shape[0]), seed)


def apply(batch: Batch, shifts: Any, share: float) -> Batch:
    from tagging.augment.time_shift import apply_shift

    return batch._replace(inputs=apply_shift(batch.inputs, shifts))


OPS = (Op(draw, apply, {"time_shift_share": float}, place=600, of_waveforms=True, stream=3),)
