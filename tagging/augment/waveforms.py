"""All augmentations of a batch of waveforms, in their order."""

import tensorflow as tf

from tagging.augment.gain import apply_gain, draw_gains_db
from tagging.augment.levels import draw_levels_db
from tagging.augment.noise import add_under, draw_noise
from tagging.augment.phase_vocoder import apply_stretch, draw_rates
from tagging.augment.settings import AugmentSettings
from tagging.augment.speed import apply_retiming, draw_semitones
from tagging.augment.time_shift import apply_shift, draw_shifts
from tagging.augment.waveform_mix import apply_mix, draw_mix
from tagging.augment.waveform_settings import BackgroundSettings, NoiseSettings

_TIME, _NOISE = 4, 5  # streams of random numbers; 0 to 3 are those of background, mix, gain and shift


def augment_waveforms(
    waves: tf.Tensor,
    labels: tf.Tensor,
    weights: tf.Tensor,
    backgrounds: tf.Tensor,
    is_augmented: tf.Tensor,
    seed: tf.Tensor,
    settings: AugmentSettings,
):
    """Other time and pitch, background, mix, noise, gain, then shift, of the rows where `is_augmented`.

    The others stay bit for bit. Stateless: the same arguments give the same batch, inside tf.data and outside. The
    other clips of a mixture are the next rows as they are with their background, so the order of the batch must be
    shuffled.

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
    if settings.retimes:
        retimed = _retime(waves, tf.random.fold_in(seed, _TIME), settings)
        waves = tf.where(is_augmented[:, tf.newaxis], retimed, waves)
    if settings.background.probability > 0:
        levels_db = _draw_levels_db(batch, settings.background, background_seed)
        waves = add_under(waves, backgrounds, tf.where(is_augmented, levels_db, nothing))
    if settings.waveform_mix.probability > 0:
        levels_db = draw_mix(batch, settings.waveform_mix, mix_seed)
        levels_db = tf.where(is_augmented[:, tf.newaxis], levels_db, nothing)
        waves, labels, weights = apply_mix(waves, labels, weights, levels_db)
    if settings.noise.probability > 0:
        seeds = tf.random.split(tf.random.fold_in(seed, _NOISE), 2)
        levels_db = _draw_levels_db(batch, settings.noise, seeds[0])
        noise = draw_noise(tf.shape(waves), seeds[1])
        waves = add_under(waves, noise, tf.where(is_augmented, levels_db, nothing))
    gains_db = draw_gains_db(batch, settings.gain.min_db, settings.gain.max_db, gain_seed)
    waves = apply_gain(waves, tf.where(is_augmented, gains_db, 0.0))
    if settings.time_shift_share > 0:
        shifts = draw_shifts(batch, round(settings.time_shift_share * waves.shape[1]), shift_seed)
        waves = apply_shift(waves, tf.where(is_augmented, shifts, 0))
    return waves, labels, weights


def _retime(waves: tf.Tensor, seed: tf.Tensor, settings: AugmentSettings) -> tf.Tensor:
    batch, seeds = tf.shape(waves)[0], tf.random.split(seed, 3)
    stretch, pitch, speed = settings.time_stretch, settings.pitch_shift, settings.speed
    rates = draw_rates(batch, stretch.min_rate, stretch.max_rate, seeds[0])
    if not (pitch.enabled or speed.enabled):  # nothing to be read anew: a third of the time less
        return apply_stretch(waves, rates, tf.ones_like(rates), waves.shape[1])
    return apply_retiming(
        waves,
        rates,
        draw_semitones(batch, pitch.min_semitones, pitch.max_semitones, seeds[1]),
        draw_rates(batch, speed.min_rate, speed.max_rate, seeds[2]),
        highest_factor=2.0 ** (pitch.max_semitones / 12.0) * speed.max_rate,
    )


def _draw_levels_db(
    batch: tf.Tensor, settings: BackgroundSettings | NoiseSettings, seed: tf.Tensor
) -> tf.Tensor:
    """Levels of what is added beside the clips, (batch,) float32 dB; -inf: nothing."""
    limits = (-settings.max_snr_db, -settings.min_snr_db)
    return draw_levels_db((batch,), settings.probability, *limits, seed)
