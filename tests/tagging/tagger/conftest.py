"""What the tests of the published network share."""

from pathlib import Path

import keras
import numpy as np
import pytest

from models.mn import make_mn


@pytest.fixture(scope="package")
def whole() -> keras.Model:
    """The published network with random weights, and biases that set the classes apart."""
    keras.utils.set_random_seed(1)
    model = make_mn(0.4)
    model.get_layer("logits").bias.assign(np.random.default_rng(1).normal(-3, 2, 527))
    return model


@pytest.fixture(scope="package")
def weights(whole, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("published") / "mn.weights.h5"
    whole.save_weights(path)
    return path
