"""All augmentations of a batch of waveforms, in their order."""

import tensorflow as tf

from tagging.augment.gain import apply_gain, draw_gains_db
from tagging.augment.levels import draw_levels_db, factors_beside
from tagging.augment.settings import AugmentSettings
from tagging.augment.time_shift import apply_shift, draw_shifts
from tagging.augment.waveform_mix import apply_mix, draw_mix
from tagging.augment.waveform_settings import BackgroundSettings


def augment_waveforms(
    waves: tf.Tensor,
    labels: tf.Tensor,
    weights: tf.Tensor,
    backgrounds: tf.Tensor,
    is_augmented: tf.Tensor,
    seed: tf.Tensor,
    settings: AugmentSettings,
):
    """Background, mix, gain, then shift, of the rows where `is_augmented`; the others stay bit for bit.

    Stateless: the same arguments give the same batch, inside tf.data and outside. The other clips of a mixture
    are the next rows as they are with their background, so the order of the batch must be shuffled.

    Args:
        waves: (batch, samples) float32 in [-1, 1]; samples static.
        labels: (batch, classes) float32.
        weights: (batch,) float32, of the rows in the loss.
        backgrounds: (batch, samples) float32; looked at only if settings.background.probability > 0.
        is_augmented: (batch,) bool.
        seed: (2,) integers, another for each batch and epoch.
        settings: what happens.

    Returns:
        waves, labels, weights: as given.
    """
    if not settings.changes_waveforms:
        return waves, labels, weights
    background_seed, mix_seed, gain_seed, shift_seed = tf.unstack(tf.random.split(seed, 4))
    batch, nothing = tf.shape(waves)[0], -float("inf")
    if settings.background.probability > 0:
        levels_db = _draw_backgrounds(batch, settings.background, background_seed)
        factors = factors_beside(waves, backgrounds, tf.where(is_augmented, levels_db, nothing))
        waves += factors[:, tf.newaxis] * backgrounds
    if settings.waveform_mix.probability > 0:
        levels_db = draw_mix(batch, settings.waveform_mix, mix_seed)
        levels_db = tf.where(is_augmented[:, tf.newaxis], levels_db, nothing)
        waves, labels, weights = apply_mix(waves, labels, weights, levels_db)
    gains_db = draw_gains_db(batch, settings.gain.min_db, settings.gain.max_db, gain_seed)
    waves = apply_gain(waves, tf.where(is_augmented, gains_db, 0.0))
    if settings.time_shift_share > 0:
        shifts = draw_shifts(batch, round(settings.time_shift_share * waves.shape[1]), shift_seed)
        waves = apply_shift(waves, tf.where(is_augmented, shifts, 0))
    return waves, labels, weights


def _draw_backgrounds(batch: tf.Tensor, settings: BackgroundSettings, seed: tf.Tensor) -> tf.Tensor:
    """Levels of the backgrounds beside the clips, (batch,) float32 dB; -inf: none."""
    limits = (-settings.max_snr_db, -settings.min_snr_db)
    return draw_levels_db((batch,), settings.probability, *limits, seed)
