"""All waveform augmentations together: their order, whom they leave alone, the seed."""

import numpy as np
import pytest
import tensorflow as tf

from tagging.augment.settings import AugmentSettings
from tagging.augment.waveform_settings import BackgroundSettings, GainSettings, WaveformMixSettings
from tagging.augment.waveforms import augment_waveforms

ROWS, SAMPLES = 6, 400
PARTS = {
    "background": {"background": BackgroundSettings(probability=1.0)},
    "mix": {"waveform_mix": WaveformMixSettings(probability=1.0, most=2)},
    "gain": {"gain": GainSettings(-9.0, -3.0)},
    "shift": {"time_shift_share": 0.5},
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


def changed(settings, chosen=True, seed=(1, 2), parts=None):
    is_augmented = tf.constant(np.broadcast_to(chosen, ROWS))
    return [
        part.numpy()
        for part in augment_waveforms(*(parts or batch()), is_augmented, tf.constant(seed), settings)
    ]


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
    ("name", "labels_change"), [("background", False), ("mix", True), ("gain", False), ("shift", False)]
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
        return augment_waveforms(*parts, tf.fill([ROWS], True), tf.constant([1, 2]), settings)

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
