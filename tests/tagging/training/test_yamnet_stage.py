"""YAMNet through both stages: its weights are asked for once, and only a network of its kind goes on with a run."""

import keras
import numpy as np
import pytest

from models.yamnet import make_yamnet
from tagging.runs.run import RunError, read_run
from tagging.training.train import train_stage

YAMNET = (
    "model.name=yamnet",
    "model.weights=audioset",
    "model.weights_sha256=ab",
    "frontend.name=yamnet",
    "frontend.n_mels=80",  # its default
    "window.window_s=1.2",
    "train.epochs=1",
    "stages.noisy.trainable=[head]",
    "stages.curated.trainable=[head]",
    "stages.curated.learning_rate=1e-9",
)


@pytest.fixture(scope="module")
def noisy(tiny, tmp_path_factory):
    """(folder of the config, whole network of the weights file, finished noisy run)."""
    folder = tmp_path_factory.mktemp("yamnet")
    whole = make_yamnet()
    whole.save_weights(folder / "y.weights.h5")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keras.utils, "get_file", lambda *args, **kwargs: str(folder / "y.weights.h5"))
        run = train_stage(tiny.config(folder, *YAMNET), "noisy", jobs=2)
    return folder, whole, run


def network_of(run) -> keras.Model:
    return read_run(run).load_model().get_layer("network")


def test_a_frozen_backbone_keeps_its_published_weights(noisy):
    _, whole, run = noisy
    for ours, theirs in zip(
        network_of(run).get_layer("backbone").get_weights(), whole.get_weights()[:-2], strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_the_next_stage_starts_from_the_run_and_asks_for_no_weights(tiny, noisy, monkeypatch):
    folder, _, run = noisy

    def fail(*args, **kwargs):
        raise AssertionError("asked for weights")

    monkeypatch.setattr(keras.utils, "get_file", fail)
    curated = train_stage(tiny.config(folder, *YAMNET), "curated", jobs=2)
    for ours, theirs in zip(network_of(curated).get_weights(), network_of(run).get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


@pytest.mark.parametrize(
    "override",
    [
        "model.pool=max",
        "model.units=[8]",
        "model.head=conv",
        "model.patch_hop_frames=8",
        "model.name=vgg_cnn",
    ],
)
def test_a_run_of_another_network_is_refused(tiny, noisy, override):
    folder, _, run = noisy
    key, _, value = override.partition("=")
    config = tiny.config(
        folder, *YAMNET, f"stages.curated.init={run}", f"run_dir={folder / 'other'}", override
    )
    with pytest.raises(RunError) as error:
        train_stage(config, "curated", jobs=2)
    assert f"trained with other settings ({key}: " in str(error.value)
    assert f"-> {value.replace(',', ', ')})" in str(error.value)
