"""Networks in two parts: a frozen backbone with what learns nothing behind it, and the head."""

import keras
import numpy as np
import pytest

from models.parts.backbone import set_trainable
from models.parts.split import split_at_head
from models.registry import build_network
from models.settings import ModelError, ModelSettings

MN = {"name": "mn", "width": 0.1, "weights": "none"}
MN_SHAPE = (200, 128, 1)
CASES = {
    "dense": (MN, MN_SHAPE, (96,)),
    "published": ({**MN, "head": "published"}, MN_SHAPE, (96,)),
    "conv": ({**MN, "head": "conv"}, MN_SHAPE, (7, 4, 96)),
    "attention": ({**MN, "pool": "attention"}, MN_SHAPE, (7, 96)),
    "mean_max without units": ({**MN, "pool": "mean_max", "units": []}, MN_SHAPE, (96,)),
    "patches": ({"name": "yamnet", "weights": "none"}, (200, 64, 1), (1024,)),
    "colours": ({"name": "mobilenet_v2", "weights": "none"}, (32, 32, 3), (1280,)),
}


def network_of(values: dict, shape: tuple[int, ...], trainable: list[str]) -> keras.Model:
    keras.utils.set_random_seed(2)
    settings = ModelSettings(**values)
    network = build_network(settings, shape, 5)
    set_trainable(network, trainable, settings)
    return network


@pytest.mark.parametrize("case", CASES)
def test_the_two_parts_make_the_logits_of_the_whole(case):
    values, shape, features = CASES[case]
    network = network_of(values, shape, ["head"])
    frozen, head = split_at_head(network)
    images = np.random.default_rng(1).random((2, *shape), "f")
    np.testing.assert_allclose(head(frozen(images)), network(images), atol=1e-5)
    assert frozen.output.shape == (None, *features)
    assert frozen.trainable_weights == []
    assert [w.path for w in head.trainable_weights] == [w.path for w in network.trainable_weights] != []


def test_a_head_that_learns_changes_the_whole():
    network = network_of(MN, MN_SHAPE, ["head"])
    _, head = split_at_head(network)
    images = np.random.default_rng(1).random((2, *MN_SHAPE), "f")
    before = np.array(network(images))
    head.get_layer("head_logits").bias.assign_add([1, 2, 3, 4, 5])
    np.testing.assert_allclose(np.array(network(images)) - before, [[1, 2, 3, 4, 5]] * 2, atol=1e-5)


def test_networks_that_are_not_frozen_behind_a_head_are_refused():
    with pytest.raises(ModelError, match="views"):
        split_at_head(network_of({"name": "simple_cnn"}, (64, 32, 1), ["all"]))
    with pytest.raises(ModelError, match=r"learn in front of the head .*block16_conv"):
        split_at_head(network_of(MN, MN_SHAPE, ["head", "block16"]))
