"""Levels of waveforms, and how loud one is to be next to another."""

from typing import Any

import tensorflow as tf
from keras import ops

SILENT_RMS = (
    1e-4  # -80 dB under full scale, three steps of PCM16: below, there is no sound to bring to a level
)


def draw_levels_db(
    shape: tuple, probability: float, min_db: float, max_db: float, seed: tf.Tensor
) -> tf.Tensor:
    """Levels of other sounds relative to a row's own, float32 dB: uniform over min_db .. max_db, or -inf for none.

    Args:
        shape: (batch, others).
        probability: share of the entries that are not -inf.
        min_db, max_db: both finite.
        seed: (2,) integers.
    """
    seeds = tf.random.split(seed, 2)
    is_chosen = tf.random.stateless_uniform(shape, seeds[0]) < probability
    levels_db = min_db + (max_db - min_db) * tf.random.stateless_uniform(shape, seeds[1])
    return tf.where(is_chosen, levels_db, -float("inf"))


def draw_ratios_db(
    batch: tf.Tensor, probability: float, min_snr_db: float, max_snr_db: float, seed: tf.Tensor
) -> tf.Tensor:
    """Levels of what lies under the rows at drawn signal-to-noise ratios, (batch,) float32 dB; -inf: nothing."""
    return draw_levels_db((batch,), probability, -max_snr_db, -min_snr_db, seed)


def amplitude(db: Any) -> Any:
    """Decibels -> factor on a waveform: 10^(dB / 20); -inf gives 0."""
    return ops.power(10.0, db / 20.0)


def level_factors(waves: Any, others: Any, levels_db: Any) -> Any:
    """What to multiply `others` by, so that their RMS stands `levels_db` over that of `waves`; (batch,) float32.

    0 where the level is -inf, and where either is silent: silence has no level to be brought to, and a clip
    under which nothing can be heard must not get the other's labels.

    Args:
        waves, others: (batch, samples) float32.
        levels_db: (batch,) float32.
    """
    own, other = _rms(waves), _rms(others)
    are_heard = (own > SILENT_RMS) & (other > SILENT_RMS)
    return ops.where(are_heard, amplitude(levels_db) * ops.divide_no_nan(own, other), 0.0)


def _rms(waves: Any) -> Any:
    return ops.sqrt(ops.mean(ops.square(waves), axis=1))
