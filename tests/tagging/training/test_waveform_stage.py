"""Waveform augmentation through a stage's config, as the plot of a batch shows it."""

import matplotlib.image
import pytest

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
