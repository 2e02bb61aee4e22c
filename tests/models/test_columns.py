"""A network's columns: their mean is what the head takes of the whole image."""

import keras
import numpy as np
import pytest

from models.parts.columns import split_in_columns
from models.parts.fold_norm import folded
from models.registry import build_network
from models.settings import ModelError, ModelSettings

SHAPE = (200, 128, 1)


def settings_of(**values) -> ModelSettings:
    return ModelSettings(**{"name": "mn", "width": 0.1, "weights": "none", **values})


@pytest.mark.parametrize("head", ["published", "dense"])
@pytest.mark.parametrize("fold", [False, True])
def test_the_head_on_the_mean_of_all_columns_is_the_network(head, fold):
    keras.utils.set_random_seed(2)
    settings = settings_of(head=head, units=[16] if head == "dense" else None)
    network = build_network(settings, SHAPE, 5)
    images = np.random.default_rng(1).random((2, *SHAPE), "f")
    columns, logits = split_in_columns(folded(network) if fold else network, settings)
    found = columns(images)
    assert found.shape == (2, 7, 96)
    np.testing.assert_allclose(logits(keras.ops.mean(found, axis=1)), network(images), atol=1e-5)


@pytest.mark.parametrize(
    ("key", "value"), [("head", "conv"), ("pool", "attention"), ("pool", "mean_max"), ("patch_frames", 96)]
)
def test_other_heads_are_refused(key, value):
    settings = settings_of(**{key: value})
    with pytest.raises(ModelError, match=f"mean of its features, received model.{key}={value}"):
        split_in_columns(build_network(settings, SHAPE, 5), settings)
