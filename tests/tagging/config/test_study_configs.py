"""Configs of the studies have the figures that the studies give."""

from pathlib import Path

import pytest

from tagging.config.load import load_config
from tagging.sweeps.file import read_sweep

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


INPUTS = {
    "lstm_mel": ("fma_genre_spectrograms", (0, 128)),
    "lstm_chroma": ("fma_genre_spectrograms", (128, 140)),
    "lstm_fused": ("fma_genre_spectrograms", None),
    "lstm_beat_mel": ("fma_genre_spectrograms_beat", (0, 128)),
    "lstm_beat_chroma": ("fma_genre_spectrograms_beat", (128, 140)),
    "lstm": ("fma_genre_spectrograms_beat", None),
    "lstm_overfit": ("fma_genre_spectrograms_beat", (0, 128)),
}
"""Config of study D -> folder of the data, bands."""


def test_the_inputs_of_study_d_share_a_network_and_no_folder():
    configs = {name: load_config(CONFIGS / "fma" / f"{name}.yaml") for name in INPUTS}
    for name, (folder, bands) in INPUTS.items():
        config = configs[name]
        assert config.dataset.root == f"data/{folder}"
        assert config.cleaning.features.bands == bands
        assert config.model == configs["lstm"].model
        assert (len(config.dataset.merge), len(config.dataset.drop)) == (5, 5)
    check = configs.pop("lstm_overfit")
    assert len({config.clean_dir for config in configs.values()}) == len(configs)
    assert len({config.run_dir for config in [*configs.values(), check]}) == len(INPUTS)
    assert check.clean_dir == configs["lstm_beat_mel"].clean_dir
    stage = check.stage("train")
    assert (stage.overfit_batches, stage.epochs, stage.learning_rate) == (1, 900, 1e-4)


VERSIONS = {
    "cnn_gru_first": (128, 0.3, 16, 1e-4, "constant", None, 0),
    "cnn_gru": (128, 0.4, 16, 1e-3, "plateau", 1e-4, 6),
    "cnn_gru_augmented": (128, 0.4, 16, 1e-3, "plateau", 1e-4, 6),
    "cnn_lstm": (128, 0.4, 16, 1e-3, "plateau", 1e-4, 6),
    "cnn_bilstm_first": (128, 0.4, 16, 1e-3, "plateau", 1e-4, 6),
    "cnn_bilstm_steps": (128, 0.4, 16, 1e-3, "step_plateau", 1e-4, 6),
    "cnn_bilstm": (256, 0.4, 32, 5e-4, "step_plateau", 1e-4, 6),
}
"""Config of study E -> units, dropout, batch size, rate, schedule, weight decay, patience."""
PLATEAUS = {
    "cnn_gru": (0.5, 3, 1e-4, "relative"),
    "cnn_gru_augmented": (0.5, 3, 1e-4, "relative"),
    "cnn_bilstm_first": (0.7, 2, 1e-3, "relative"),
    "cnn_bilstm_steps": (0.7, 2, 1e-4, "absolute"),
    "cnn_bilstm": (0.7, 2, 1e-4, "absolute"),
}
"""Config of study E -> factor, patience, threshold and its mode."""


@pytest.mark.parametrize("name", VERSIONS)
def test_versions_of_study_e(name):
    config = load_config(CONFIGS / "fma" / f"{name}.yaml")
    stage, model = config.stage("train"), config.model
    training = (stage.batch_size, stage.learning_rate, stage.schedule, stage.weight_decay, stage.patience)
    assert (model.rnn_units, model.dropout, *training) == VERSIONS[name]
    assert (model.rnn_layers, stage.epochs, config.run_dir) == (2, 30, f"runs/fma/{name}")
    plateau = stage.plateau
    if name in PLATEAUS:
        made_of = (plateau.factor, plateau.patience, plateau.threshold, plateau.threshold_mode)
        assert made_of == PLATEAUS[name]
        assert plateau.monitor == "val_loss"
    is_augmented = name == "cnn_gru_augmented"
    assert (stage.augment.spec_augment.enabled, len(config.dataset.drop)) == (is_augmented, 4 * is_augmented)


@pytest.mark.parametrize("name", ["a_augmentations", "a_second_stage"])
def test_curated_stages_of_study_a_hold_out_a_fifth(name):
    assert read_sweep(CONFIGS / "sweeps" / f"{name}.yaml").constants["split.validation_share"] == 0.2
    assert load_config(CONFIGS / "fsdkaggle2019" / "model2.yaml").split.validation_share == 0.1


def test_one_stage_of_study_a_augments_nothing_and_starts_from_random_weights():
    config = load_config(CONFIGS / "fsdkaggle2019" / "one_stage.yaml")
    stages = {name: (stage.epochs, stage.learning_rate, stage.init) for name, stage in config.stages.items()}
    assert stages == {"curated": (50, 3e-4, "none"), "noisy": (15, 3e-4, "none"), "both": (15, 3e-4, "none")}
    assert not any(stage.augment.spec_augment.enabled for stage in config.stages.values())
