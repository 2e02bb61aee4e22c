"""What trains: all, the head, named blocks; and batch normalisation, which stays as it was."""

import keras
import numpy as np
import pytest

from models.parts.backbone import set_trainable
from models.registry import build_network
from models.settings import ModelError, ModelSettings

SMALL = (32, 32, 3)


def blocks_that_changed(network: keras.Model, before: list[np.ndarray]) -> set[str]:
    after = network.get_layer("backbone").weights
    return {
        w.path.split("/")[-2]
        for w, old in zip(after, before, strict=True)
        if not np.array_equal(w.numpy(), old)
    }


@pytest.mark.parametrize(
    ("name", "trainable", "blocks"),
    [
        ("resnet50", ["head", "conv4", "conv5"], ("conv4_", "conv5_")),
        ("mobilenet_v2", ["block_16", "Conv_1"], ("block_16_", "Conv_1")),
    ],
)
def test_only_the_named_blocks_change_in_a_step(tmp_path, name, trainable, blocks):
    build_network(ModelSettings(name=name), SMALL, 3).get_layer("backbone").save_weights(
        tmp_path / "b.weights.h5"
    )
    settings = ModelSettings(name=name, weights=str(tmp_path / "b.weights.h5"))
    network = build_network(settings, SMALL, 3)
    set_trainable(network, trainable, settings)
    before = network.get_layer("backbone").get_weights()
    head = network.get_layer("head_logits").get_weights()[0]
    network.compile(optimizer="adam", loss="mse", run_eagerly=True)
    rng = np.random.default_rng(0)
    network.train_on_batch(rng.uniform(0, 255, (4, *SMALL)).astype("f"), rng.uniform(size=(4, 3)).astype("f"))
    changed = blocks_that_changed(network, before)
    assert changed
    assert all(layer.startswith(blocks) for layer in changed), changed
    assert not any("bn" in layer.lower() for layer in changed), (
        "batch normalisation of a pretrained network is frozen"
    )
    assert np.array_equal(head, network.get_layer("head_logits").get_weights()[0]) == (
        "head" not in trainable
    )


@pytest.mark.parametrize(
    ("weights", "freeze", "trains"), [("none", True, True), ("file", True, False), ("file", False, True)]
)
def test_batch_norm_is_frozen_where_weights_were_loaded(tmp_path, weights, freeze, trains):
    path = str(tmp_path / "b.weights.h5")
    keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=SMALL).save_weights(path)
    settings = ModelSettings("mobilenet_v2", path if weights == "file" else "none", freeze_batch_norm=freeze)
    network = build_network(settings, SMALL, 3)
    set_trainable(network, ["all"], settings)
    assert network.get_layer("backbone").get_layer("bn_Conv1").trainable == trains


def test_block_10_does_not_mean_block_1():
    settings = ModelSettings("mobilenet_v2")
    network = build_network(settings, SMALL, 3)
    set_trainable(network, ["block_1"], settings)
    trained = [
        layer.name for layer in network.get_layer("backbone").layers if layer.trainable and layer.weights
    ]
    assert trained
    assert all(name.startswith("block_1_") for name in trained)


@pytest.mark.parametrize("names", [["conv9"], [], ["head", "block"], [""]])
def test_a_name_that_is_no_block_is_refused(names):
    settings = ModelSettings("resnet50")
    network = build_network(settings, SMALL, 3)
    with pytest.raises(ModelError, match=r"trainable: .*conv4"):
        set_trainable(network, names, settings)


@pytest.mark.parametrize("name", ["simple_cnn", "vgg_cnn"])
def test_a_network_without_backbone_trains_whole(name):
    settings = ModelSettings(name)
    network = build_network(settings, (16, 16, 1), 3)
    set_trainable(network, ["head"], settings)
    assert all(layer.trainable for layer in network.layers)
