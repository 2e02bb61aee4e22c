"""One run's model on windows: logits, and the features that they are made of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from models.parts.blocks import EMBEDDING, LOGITS
from models.parts.fold_norm import folded
from tagging.inference.build import NETWORK, build_tagger
from tagging.inference.errors import TaggerError
from tagging.pipeline.pieces import AudioWindows, Pieces, audio_windows
from tagging.runs.run import Run, RunError


@dataclass(frozen=True)
class WindowNetwork:
    """A run's model for inputs of one kind.

    Attributes:
        step: inputs (batch, ...) float32 -> logits (batch, classes), features (batch, n).
        run: whose it is.
        shape: of the inputs, the first None.
    """

    step: Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]
    run: Run
    shape: tuple[int | None, ...]

    def __call__(self, pieces: Pieces, batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pieces as they are stored -> (batch, classes) float32, (batch, n) float32."""
        logits, features = self.step(pieces.to_input(tf.constant(batch)))
        return logits.numpy().astype(np.float32), features.numpy().astype(np.float32)


class Networks:
    """The models of several runs, for windows of any length.

    Attributes:
        saved: of each run as it was trained.

    Raises:
        RunError: a file is damaged, or of another Keras.
    """

    def __init__(self, runs: Sequence[Run]) -> None:
        self.saved = [saved_network(run) for run in runs]
        self._of_length: dict[int, list[WindowNetwork]] = {}

    def of_length(self, length: int) -> list[WindowNetwork]:
        """The networks for windows of this many samples, which are built once.

        Raises:
            TaggerError: a network that does not take this length.
        """
        if length not in self._of_length:
            self._of_length[length] = [_with_length(network, length) for network in self.saved]
        return self._of_length[length]


def saved_network(run: Run) -> WindowNetwork:
    """The model as it was trained, for windows of the run's own length (or for features).

    Raises:
        RunError: the file is damaged, or of another Keras.
    """
    model = run.load_model()
    return _of_layers(run, model.get_layer("frontend"), model.get_layer(NETWORK), model.input.shape)


def rebuilt_network(run: Run, window_s: float) -> WindowNetwork:
    """The run's network built for windows of another length, with its weights.

    Raises:
        TaggerError: a network that does not take this length.
    """
    window = replace(run.config.window, window_s=window_s)
    pieces = audio_windows(window, run.config.cleaning.rate_hz)
    _check_length(run, pieces)
    try:
        model = build_tagger(replace(run.config, window=window), pieces, len(run.classes), run)
    except RunError as error:
        raise TaggerError(
            f"expected windows of {run.config.window.window_s:g} s, as the weights of model.name="
            f"{run.config.model.name} fit only that length, received {window_s:g} s; leave out the window length"
        ) from error
    except ValueError as error:  # of a part that was built
        raise TaggerError(f"windows of {window_s:g} s: {error}") from error
    return _of_layers(run, model.frontend, model.network, model.whole.input.shape)


def _with_length(network: WindowNetwork, length: int) -> WindowNetwork:
    config = network.run.config
    rate_hz = config.cleaning.rate_hz
    is_own = config.window.window_samples(rate_hz) == length
    return network if is_own else rebuilt_network(network.run, length / rate_hz)


def _check_length(run: Run, pieces: AudioWindows) -> None:
    shortest = run.config.frontend.shortest
    if pieces.length < shortest:
        raise TaggerError(
            f"expected windows of at least {shortest / run.config.cleaning.rate_hz:g} s, one frame of the front end "
            f"of {run.path}, received {pieces.length / run.config.cleaning.rate_hz:g} s"
        )


def _of_layers(
    run: Run, frontend: keras.Layer, network: keras.Model, shape: tuple[int | None, ...]
) -> WindowNetwork:
    network = folded(network)
    both = keras.Model(network.input, [network.output, _embedding(run, network)], name="with_embedding")

    # One trace, whatever the number of windows in a batch.
    @tf.function(input_signature=[tf.TensorSpec(shape, tf.float32)])
    def step(inputs: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        logits, features = both(frontend(inputs), training=False)
        return logits, features

    return WindowNetwork(step, run, shape)


def _embedding(run: Run, network: keras.Model) -> Any:
    """The embedding (batch, n): of its own layer, or what enters the last dense layer (its mean over steps of time)."""
    names = [layer.name for layer in network.layers]
    if EMBEDDING in names:
        return network.get_layer(EMBEDDING).output
    if LOGITS not in names:
        raise TaggerError(f"expected a layer {LOGITS} in the network of {run.path}; train the stage again")
    features = network.get_layer(LOGITS).input
    return ops.mean(features, axis=1) if len(features.shape) == 3 else features
