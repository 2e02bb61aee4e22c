"""The networks of studies B to E, small."""

import keras
import numpy as np

from models.registry import build_network
from models.settings import ModelSettings

SHAPE = (16, 16, 1)
OURS = ("mlp", "cnn2d", "cnn1d", "rnn", "cnn_rnn")
BASE: dict[str, dict] = {
    "mlp": {"units": [6, 4]},
    "cnn2d": {"filters": [4, 6], "units": [6]},
    "cnn1d": {"filters": [4, 6], "units": [6]},
    "rnn": {"rnn_units": 4, "rnn_layers": 1, "units": [6]},
    "cnn_rnn": {"filters": [4, 6], "rnn_units": 4, "rnn_layers": 1, "units": [6]},
}


def build(
    name: str, shape: tuple[int | None, int, int] = SHAPE, n_outputs: int = 3, **options
) -> keras.Model:
    """A network with these settings; images of (frames, bands, channels)."""
    return build_network(ModelSettings(name, **options), shape, n_outputs)


def images(*shape: int) -> np.ndarray:
    """Four images of noise, the same at each call."""
    return np.random.default_rng(0).normal(size=(4, *shape)).astype("f")
