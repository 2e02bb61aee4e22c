"""One run's model on windows: logits, and the features that they are made of."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from models.parts.blocks import EMBEDDING, LOGITS
from models.parts.columns import split_in_columns
from models.parts.fold_norm import folded
from models.settings import ModelError
from tagging.inference.alike import sees
from tagging.inference.build import NETWORK, build_tagger
from tagging.inference.compiled import compiled
from tagging.inference.errors import TaggerError
from tagging.inference.windows import pieces_for
from tagging.pipeline.pieces import AudioWindows, Pieces, audio_windows
from tagging.runs.run import Run, RunError
from tagging.tagger.rows import MARGIN, ColumnRows, Rows

Step = Callable[[Any], tuple[Any, Any]]
"""Inputs (batch, ...) float32 -> logits (rows, classes), features (rows, n)."""


@dataclass(frozen=True)
class WindowNetwork:
    """A run's model for inputs of one kind.

    Attributes:
        step: all of it, traced once.
        run: whose it is.
        shape: of the inputs, the first None.
        frontend, network: its parts; normalization is folded.
        with_features: images -> logits and features.
    """

    step: Step
    run: Run
    shape: tuple[int | None, ...]
    frontend: keras.Layer
    network: keras.Model
    with_features: keras.Model

    def __call__(self, pieces: Pieces, batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pieces as they are stored -> (rows, classes) float32, (rows, n) float32; a row is a piece or a part of it."""
        return _as_arrays(self.step(pieces.to_input(batch)))

    @cached_property
    def pieces(self) -> Pieces:
        """How clips are cut for it, as its run's test clips are."""
        config = self.run.config
        return pieces_for(config, None if config.cleaning.features.name is None else self.shape[-1])

    @cached_property
    def sees(self) -> Hashable:
        """Networks for which this is equal see the same images of a clip."""
        return sees(self.run.config, self.pieces, self.frontend, self.network)

    @cached_property
    def to_images(self) -> Callable:
        """Inputs -> images, traced once."""
        return _traced(self.frontend, self.shape, self.frontend)

    @cached_property
    def _of_images(self) -> Step:
        return _traced(_inference(self.with_features), self.network.input.shape, self.with_features)

    def of_images(self, images: Any) -> tuple[np.ndarray, np.ndarray]:
        """What `__call__` returns, of images that a network which sees the same has made."""
        return _as_arrays(self._of_images(images))


class Networks:
    """The models of several runs, for rows of any kind.

    Attributes:
        saved: of each run as it was trained.

    Raises:
        RunError: a file is damaged, or of another Keras.
    """

    def __init__(self, runs: Sequence[Run]) -> None:
        self.saved = [saved_network(run) for run in runs]
        self._built: dict[Hashable, list[WindowNetwork]] = {}

    def of_rows(self, rows: Rows) -> list[WindowNetwork]:
        """The networks for these rows, which are built once.

        Raises:
            TaggerError: a network that does not take windows of this length, or has no columns.
        """
        columns = rows if isinstance(rows, ColumnRows) else None
        key = columns or rows.pieces.length
        if key not in self._built:
            found = [_with_length(network, rows.pieces.length) for network in self.saved]
            self._built[key] = [_with_columns(network, columns) for network in found] if columns else found
        return self._built[key]


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

    of_images = _inference(both)
    step = _traced(lambda inputs: of_images(frontend(inputs)), shape, frontend, both)
    return WindowNetwork(step, run, shape, frontend, network, both)


def _inference(with_features: keras.Model) -> Step:
    def call(images: Any) -> tuple[Any, Any]:
        logits, features = with_features(images, training=False)
        return logits, features

    return call


def _as_arrays(found: tuple[Any, Any]) -> tuple[np.ndarray, np.ndarray]:
    logits, features = map(ops.convert_to_numpy, found)
    return logits.astype(np.float32), features.astype(np.float32)


def _traced(step: Callable, shape: tuple[int | None, ...], *parts: keras.Layer) -> Callable:
    """The step in one trace, whatever the number of windows in a batch (with TensorFlow)."""
    variables = [variable for part in parts for variable in part.variables]
    return compiled(step, variables, [tf.TensorSpec(shape, tf.float32)])


def _with_columns(whole: WindowNetwork, rows: ColumnRows) -> WindowNetwork:
    """The network for windows of the same length, with logits and features of each row."""
    try:
        columns, head = split_in_columns(whole.network, whole.run.config.model)
    except ModelError as error:
        raise TaggerError(f"{whole.run.path}: {error}; set window_s in place of columns") from error
    has_embedding = EMBEDDING in [layer.name for layer in whole.network.layers]
    features = head.input if has_embedding else _embedding(whole.run, head)
    both = keras.Model(head.input, [head.output, features], name="with_embedding")

    def step(inputs: Any) -> tuple[Any, Any]:
        inner = columns(whole.frontend(inputs), training=False)[:, MARGIN:-MARGIN]
        means = ops.average_pool(inner, rows.width, rows.step)
        logits, features = both(ops.reshape(means, (-1, means.shape[-1])), training=False)
        return logits, features

    return replace(whole, step=_traced(step, whole.shape, whole.frontend, columns, both))


def _embedding(run: Run, network: keras.Model) -> Any:
    """The embedding (batch, n): of its own layer, or what enters the last dense layer (its mean over steps of time)."""
    names = [layer.name for layer in network.layers]
    if EMBEDDING in names:
        return network.get_layer(EMBEDDING).output
    if LOGITS not in names:
        raise TaggerError(f"expected a layer {LOGITS} in the network of {run.path}; train the stage again")
    features = network.get_layer(LOGITS).input
    return ops.mean(features, axis=1) if len(features.shape) == 3 else features
