"""All waveform augmentations together: their order, whom they leave alone, the seed."""

import numpy as np
import pytest
import tensorflow as tf

from tagging.augment.batch import augment_waveforms
from tagging.augment.op import Batch
from tagging.augment.ops.background import BackgroundSettings
from tagging.augment.ops.gain import GainSettings
from tagging.augment.ops.noise import NoiseSettings
from tagging.augment.ops.retime import PitchShiftSettings, SpeedSettings, TimeStretchSettings
from tagging.augment.ops.waveform_mix import WaveformMixSettings
from tagging.augment.settings import AugmentSettings

ROWS, SAMPLES = 6, 400
PARTS = {
    "background": {"background": BackgroundSettings(probability=1.0)},
    "mix": {"waveform_mix": WaveformMixSettings(probability=1.0, most=2)},
    "gain": {"gain": GainSettings(-9.0, -3.0)},
    "shift": {"time_shift_share": 0.5},
    "stretch": {"time_stretch": TimeStretchSettings(0.7, 1.4)},
    "pitch": {"pitch_shift": PitchShiftSettings(-3.0, 3.0)},
    "speed": {"speed": SpeedSettings(0.9, 1.1)},
    "noise": {"noise": NoiseSettings(probability=1.0)},
}
EVERYTHING = {key: value for part in PARTS.values() for key, value in part.items()}
SETTINGS = {name: AugmentSettings(**given) for name, given in {**PARTS, "all": EVERYTHING}.items()}


def batch(seed=0) -> list[tf.Tensor]:
    """waves, labels, weights, backgrounds."""
    rng = np.random.default_rng(seed)
    waves, backgrounds = rng.uniform(-0.5, 0.5, (2, ROWS, SAMPLES)).astype(np.float32)
    return [
        tf.constant(part, tf.float32)
        for part in (waves, np.eye(ROWS), rng.uniform(0.1, 1, ROWS), backgrounds)
    ]


def augment(waves, labels, weights, backgrounds, is_augmented, seed, settings):
    """Waveforms, labels and weights."""
    parts = Batch(waves, labels, weights, is_augmented, backgrounds)
    return augment_waveforms(parts, seed, settings)[:3]


def changed(settings, chosen=True, seed=(1, 2), parts=None):
    is_augmented = tf.constant(np.broadcast_to(chosen, ROWS))
    return [part.numpy() for part in augment(*(parts or batch()), is_augmented, tf.constant(seed), settings)]


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_rows_that_are_not_augmented_stay_bit_for_bit(settings):
    chosen = np.array([True, False, True, False, False, True])
    for new, old in zip(changed(settings, chosen), batch(), strict=False):
        np.testing.assert_array_equal(new[~chosen], old.numpy()[~chosen])
    assert (changed(settings, chosen)[0] != batch()[0].numpy()).any(axis=1).tolist() == chosen.tolist()


def test_with_nothing_on_nothing_happens():
    for new, old in zip(changed(AugmentSettings()), batch(), strict=False):
        np.testing.assert_array_equal(new, old)


@pytest.mark.parametrize(
    ("name", "labels_change"), [(name, name == "mix") for name in PARTS], ids=list(PARTS)
)
def test_only_the_mix_changes_labels_and_weights(name, labels_change):
    _, labels, weights = changed(SETTINGS[name])
    _, old_labels, old_weights, _ = (part.numpy() for part in batch())
    assert np.any(labels != old_labels) == labels_change
    assert np.any(weights != old_weights) == labels_change


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_the_seed_decides(settings):
    first, again, other = (changed(settings, seed=seed)[0] for seed in ((1, 2), (1, 2), (1, 3)))
    np.testing.assert_array_equal(first, again)
    assert np.any(first != other)


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_the_same_inside_tf_data(settings):
    def step(*parts):
        return augment(*parts, tf.fill([ROWS], True), tf.constant([1, 2]), settings)

    inside = next(iter(tf.data.Dataset.from_tensors(tuple(batch())).map(step, num_parallel_calls=2)))
    for got, expected in zip(inside, changed(settings), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-7)


def test_the_background_stands_at_its_ratio():
    settings = AugmentSettings(background=BackgroundSettings(probability=1.0, min_snr_db=6.0, max_snr_db=6.0))
    waves, _, _, backgrounds = (part.numpy().astype(np.float64) for part in batch())
    under = changed(settings)[0] - waves
    ratio_db = 10 * np.log10((waves**2).sum(axis=1) / (under**2).sum(axis=1))
    np.testing.assert_allclose(ratio_db, 6.0, atol=1e-3)
    assert all(np.corrcoef(a, b)[0, 1] > 0.999 for a, b in zip(under, backgrounds, strict=True))


def test_the_noise_stands_at_its_ratio_and_is_white():
    settings = AugmentSettings(noise=NoiseSettings(probability=1.0, min_snr_db=6.0, max_snr_db=6.0))
    tone = np.sin(2 * np.pi * np.arange(8000) / 40).astype(np.float32) * np.array([[0.4], [0.05]], np.float32)
    parts = [tf.constant(part, tf.float32) for part in (tone, np.eye(2), np.ones(2), tone)]
    out = augment(*parts, tf.constant([True, True]), tf.constant([1, 2]), settings)[0]
    under = out.numpy().astype(np.float64) - tone
    ratio_db = 10 * np.log10((tone.astype(np.float64) ** 2).sum(axis=1) / (under**2).sum(axis=1))
    np.testing.assert_allclose(ratio_db, 6.0, atol=1e-3)
    power = np.abs(np.fft.rfft(under)) ** 2
    quarters = power[:, :4000].reshape(2, 4, 1000).mean(axis=2)
    np.testing.assert_allclose(quarters / power.mean(axis=1, keepdims=True), 1.0, atol=0.15)
    assert abs(np.corrcoef(under)[0, 1]) < 0.05


def test_noise_comes_to_its_share_of_the_clips():
    settings = AugmentSettings(noise=NoiseSettings(probability=0.25))
    waves = tf.fill([4000, 20], 0.1)
    parts = (waves, tf.zeros((4000, 1)), tf.ones(4000), waves)
    out = augment(*parts, tf.fill([4000], True), tf.constant([1, 2]), settings)[0]
    assert np.mean(np.any(out.numpy() != waves.numpy(), axis=1)) == pytest.approx(0.25, abs=0.03)


def test_sounds_are_stretched_before_backgrounds_join_them():
    alone, under = (
        changed(AugmentSettings(**PARTS["stretch"], **part))[0] for part in ({}, PARTS["background"])
    )
    backgrounds = batch()[3].numpy()
    assert all(np.corrcoef(a, b)[0, 1] > 0.999 for a, b in zip(under - alone, backgrounds, strict=True))


def test_mixtures_hold_the_others_with_their_backgrounds():
    under = changed(SETTINGS["background"])[0]
    both = AugmentSettings(**PARTS["background"], waveform_mix=WaveformMixSettings(1.0, 0.0, 0.0))
    out = changed(both)[0]
    rms = np.sqrt(np.mean(np.square(under), axis=1, keepdims=True))
    expected = under + rms / np.roll(rms, -1, axis=0) * np.roll(under, -1, axis=0)
    expected /= np.maximum(1, np.abs(expected).max(axis=1, keepdims=True))
    np.testing.assert_allclose(out, expected, rtol=1e-4, atol=1e-6)


def test_no_mixture_passes_full_scale():
    loud = AugmentSettings(
        waveform_mix=WaveformMixSettings(1.0, 6.0, 6.0, most=2), gain=GainSettings(12.0, 12.0)
    )
    np.testing.assert_allclose(np.abs(changed(loud)[0]).max(axis=1), 1.0, rtol=1e-6)


def test_silent_rows_and_backgrounds_give_no_nan():
    waves, labels, weights, backgrounds = batch()
    silent = tf.zeros_like(waves)
    for parts in (
        (silent, labels, weights, backgrounds),
        (waves, labels, weights, silent),
        (silent, labels, weights, silent),
    ):
        assert all(np.isfinite(part).all() for part in changed(SETTINGS["all"], parts=parts))
    np.testing.assert_array_equal(
        changed(SETTINGS["all"], parts=(silent, labels, weights, silent))[1], labels
    )
