"""Waveform augmentation through a stage's config, as the plot of a batch shows it."""

import matplotlib.image
import numpy as np
import pytest

from tagging.training import show_batch as show_batch_module
from tagging.training.show_batch import show_batch

MIX = "stages.curated.augment.waveform_mix.probability=1"
WEIGHTS = "stages.curated.source_weights.curated=0.5"


@pytest.fixture
def plot(tiny, tmp_path):
    def draw(*overrides):
        config = tiny.config(tmp_path, *overrides)
        return matplotlib.image.imread(show_batch(config, "curated", tmp_path / "batch.png", jobs=1, most=2))

    return draw


def test_the_plot_shows_mixtures_and_takes_batches_with_weights(plot):
    plain, mixed, weighted = plot(), plot(MIX), plot(MIX, WEIGHTS)
    assert (plain != mixed).any()
    assert (weighted == mixed).all(), "weights do not change what the network sees"


WAVEFORMS = (
    *("stages.curated.augment.noise.probability=1", "stages.curated.augment.time_shift_share=0.5"),
    *("frontend={name: waveform, n_mels: 80, normalize: peak}", "model={name: mlp, units: [4]}"),
)


def test_waveforms_are_drawn_before_and_after_each_step(tiny, tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(
        show_batch_module, "step_plot", lambda *args, own_scale: drawn.append((*args, own_scale))
    )
    config = tiny.config(tmp_path, *WAVEFORMS)
    show_batch(config, "curated", tmp_path / "batch.png", jobs=1, most=2)
    ((steps, titles, rate_hz, path, own_scale),) = drawn
    assert list(steps) == ["input", "noise", "time_shift_share", "front end"], (
        "no gain, as nothing was too loud"
    )
    assert [waves.shape for waves in steps.values()] == [(2, 16_000)] * 4
    noise = steps["noise"] - steps["input"]
    assert 0 < np.abs(noise).mean() < 0.5
    assert np.abs(steps["front end"]).max(axis=1) == pytest.approx(1)
    assert len(titles) == 2
    assert (rate_hz, path, own_scale) == (16_000, tmp_path / "batch.png", ["front end"])


def test_the_plot_has_a_column_a_step(plot):
    assert plot(*WAVEFORMS).shape[1] == 2 * plot(*WAVEFORMS[2:]).shape[1], "four columns, and two"
