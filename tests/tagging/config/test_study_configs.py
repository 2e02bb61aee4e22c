"""Configs of the studies have the figures that the studies give."""

from pathlib import Path

import pytest

from tagging.config.load import load_config

CONFIGS = Path(__file__).parents[3] / "configs"
CNN_SIZES = {1: ([32], 0.2, 8, 1e-3), 2: ([64, 64], 0.3, 16, 5e-4), 3: ([128, 128, 64], 0.3, 32, 5e-4)}
"""Size -> units of the dense layers, dropout, batch size, learning rate."""
SIZES = {
    "mlp": {
        1: ([256] * 4, 0.0, 32, 1e-3),
        2: ([512, 512], 0.5, 32, 5e-4),
        3: ([1024, 512, 256], 0.3, 32, 3e-4),
    },
    "cnn_waveform": CNN_SIZES,
    "cnn_spectrogram": CNN_SIZES,
}
PLAIN = {"mlp": 2, "cnn_waveform": 3, "cnn_spectrogram": 3}
"""Network -> the size of the file without a number."""


@pytest.mark.parametrize(("network", "size"), [(network, size) for network in SIZES for size in (1, 2, 3)])
def test_each_network_of_gtzan_has_a_file_for_each_size(network, size):
    name = network if PLAIN[network] == size else f"{network}_size{size}"
    config = load_config(CONFIGS / "gtzan" / f"{name}.yaml")
    stage = config.stage("train")
    made_of = (list(config.model.units), config.model.dropout, stage.batch_size, stage.learning_rate)
    assert made_of == SIZES[network][size]
    assert (config.model.activation, stage.epochs) == ("relu", 100)
    assert config.run_dir == f"runs/gtzan/{name}"
    assert config.split.test_share == 0.2
