"""Rates by block: lower near the input, the same in the head."""

from typing import get_args

import keras
import numpy as np
import pytest

from models.parts.backbone import BACKBONE, depths_of
from models.registry import build_network
from models.settings import ModelSettings
from tagging.config.schedule import OptimizerName
from tagging.config.stage import StageSettings
from tagging.evaluation.task_kinds import KINDS
from tagging.training.trainer import compiled_trainer

pytestmark = pytest.mark.usefixtures("eagerly")

RNG = np.random.default_rng(0)
IMAGES = RNG.normal(size=(8, 6, 5, 1)).astype("f")
LABELS = (RNG.random((8, 3)) < 0.4).astype("f")
NOT_LINEAR = "ftrl"  # whose steps are not proportional to its rate


def network() -> keras.Model:
    """A backbone of two blocks, the first of two layers, and a head."""
    keras.utils.set_random_seed(1)
    image = keras.Input((6, 5, 1))
    x = keras.layers.Conv2D(4, 3, name="block1_expand", padding="same")(image)
    x = keras.layers.BatchNormalization(name="block1_norm")(x)
    backbone = keras.Model(image, keras.layers.Conv2D(4, 3, name="block2_conv")(x), name=BACKBONE)
    inputs = keras.Input((6, 5, 1))
    x = keras.layers.GlobalAveragePooling2D()(backbone(inputs))
    return keras.Model(inputs, keras.layers.Dense(3, name="logits")(x))


def first_step(settings: StageSettings) -> list[np.ndarray]:
    model = network()
    trainer = compiled_trainer(model, settings, KINDS["multilabel"], 3)
    before = [variable.numpy() for variable in trainer.trainable_variables]
    trainer.train_on_batch(IMAGES, LABELS)
    return [v.numpy() - old for v, old in zip(trainer.trainable_variables, before, strict=True)]


@pytest.mark.parametrize("optimizer", [name for name in get_args(OptimizerName) if name != NOT_LINEAR])
def test_each_block_has_its_share_of_the_rate(optimizer):
    settings = {"optimizer": optimizer, "weight_decay": 0.0, "learning_rate": 1e-2}
    whole, layered = (first_step(StageSettings(**settings, block_decay=decay)) for decay in (1.0, 0.5))
    shares = [0.25] * 4 + [0.5] * 2 + [1.0] * 2
    for one, other, share in zip(whole, layered, shares, strict=True):
        np.testing.assert_allclose(other, share * one, rtol=1e-3, atol=1e-7)
    assert all(np.abs(one).max() > 1e-6 for one in (whole[0], whole[-1]))


@pytest.mark.parametrize("optimizer", ["adamw", "lion", "muon"])
def test_decoupled_weight_decay_has_the_rate_of_the_block(optimizer):
    """A decay so strong that most of the step is its own."""
    settings = {"optimizer": optimizer, "weight_decay": 50.0, "learning_rate": 1e-3}
    whole, layered = (first_step(StageSettings(**settings, block_decay=decay)) for decay in (1.0, 0.5))
    for one, other, share in zip(whole, layered, [0.25] * 4 + [0.5] * 2 + [1.0] * 2, strict=True):
        np.testing.assert_allclose(other, share * one, rtol=1e-3, atol=1e-7)


def test_a_network_without_a_backbone_has_one_rate():
    model = build_network(ModelSettings("simple_cnn", units=(4,)), (16, 16, 1), 3)
    assert set(depths_of(model, model.trainable_variables)) == {0}


def test_blocks_are_those_that_trainable_names():
    model = build_network(ModelSettings("mn", width=0.1, weights="none"), (64, 128, 1), 3)
    found = depths_of(model, model.trainable_variables)
    by_name = {v.path: depth for v, depth in zip(model.trainable_variables, found, strict=True)}
    assert {depth for path, depth in by_name.items() if "block16_" in path} == {1}
    assert {depth for path, depth in by_name.items() if "block0_" in path} == {17}
    assert found[-1] == 0
