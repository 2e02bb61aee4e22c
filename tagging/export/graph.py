"""Runs as one function in TensorFlow: a window of sound in, calibrated scores out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf
from keras import ops
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from tagging.evaluation.task_kinds import TaskKind
from tagging.export.errors import ExportError
from tagging.frontend.parts.spectrum import without_fft
from tagging.inference.levels import floor_of
from tagging.runs.ensembles import Ensemble
from tagging.runs.run import Run
from tagging.tagger.calibrated import CalibratedEnsemble
from tagging.tagger.network import WindowNetwork, rebuilt_network, saved_network

SCORES, LOGITS = "scores", "window_logits"  # outputs, in alphabetical order as runtimes have them
HEARD = "heard"

Tensors = dict[str, tf.Tensor]


@dataclass(frozen=True)
class Graph:
    """What is exported.

    Attributes:
        ensemble: the runs, one or several.
        networks: of each run.
        calibrated: their temperatures.
        floor_db: windows that are not louder are silence.
        is_fixed: whether a batch has exactly one input.
    """

    ensemble: Ensemble
    networks: tuple[WindowNetwork, ...]
    calibrated: CalibratedEnsemble
    floor_db: float
    is_fixed: bool

    @property
    def kind(self) -> TaskKind:
        """The kind of task."""
        return self.ensemble.kind

    @property
    def takes_audio(self) -> bool:
        """Whether inputs are waveforms; else features that were computed offline."""
        return self.networks[0].run.config.cleaning.features.name is None

    @property
    def input_name(self) -> str:
        """`waveform` or `features`."""
        return "waveform" if self.takes_audio else "features"

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one input: (samples,) or (steps, bands)."""
        most = self.networks[0].run.config.sequence.max_steps
        return tuple(most if size is None else size for size in self.networks[0].shape[1:])

    @property
    def specs(self) -> dict[str, tf.TensorSpec]:
        """Of the inputs."""
        return {self.input_name: self.spec(*self.shape)}

    def spec(self, *shape: int) -> tf.TensorSpec:
        """Of tensors for a batch of inputs."""
        return tf.TensorSpec((1 if self.is_fixed else None, *shape), tf.float32)

    @property
    def image_specs(self) -> dict[str, tf.TensorSpec]:
        """Of what `images` makes."""
        networks = enumerate(self.networks)
        specs = {f"image_{number}": self.spec(*self._image_shape(each)) for number, each in networks}
        return {**specs, HEARD: self.spec(1)} if self._tells_silence else specs

    def _image_shape(self, network: WindowNetwork) -> tuple[int, ...]:
        return tuple(network.frontend.compute_output_shape((None, *self.shape))[1:])

    @property
    def _tells_silence(self) -> bool:
        return self.takes_audio and self.kind.has_labels

    def images(self, inputs: tf.Tensor) -> Tensors:
        """Inputs -> what each network sees, and which inputs are not silence, (batch, 1) of 0 and 1."""
        images = {f"image_{number}": each.frontend(inputs) for number, each in enumerate(self.networks)}
        if self._tells_silence:
            power = tf.reduce_mean(tf.square(inputs), axis=1, keepdims=True)
            images[HEARD] = tf.cast(power > 10 ** (self.floor_db / 10), tf.float32)
        return images

    def outputs(self, images: Mapping[str, tf.Tensor]) -> Tensors:
        """What `images` makes -> the outputs."""
        logits = [
            each.network(images[f"image_{number}"], training=False)
            for number, each in enumerate(self.networks)
        ]
        pairs = zip(logits, self.calibrated.temperatures, strict=True)
        scores = combined(self.ensemble, [each / temperature for each, temperature in pairs])
        if HEARD in images:
            scores = scores * images[HEARD]
        return {SCORES: scores, LOGITS: logits[0] if len(logits) == 1 else tf.concat(logits, axis=1)}

    def whole(self, inputs: Mapping[str, tf.Tensor]) -> Tensors:
        """Inputs by name -> the outputs."""
        return self.outputs(self.images(inputs[self.input_name]))


def graph_of(ensemble: Ensemble, window_s: float | None, *, is_fixed: bool) -> Graph:
    """The graph of runs that hear the same windows.

    Args:
        ensemble: the runs.
        window_s: length of the windows; None: as the runs were trained.
        is_fixed: as in `Graph`.

    Raises:
        ExportError: runs that do not see the same inputs; a window length for features.
        TaggerError: a network that does not take windows of this length.
        RunError, CalibrationError: a damaged run.
    """
    runs = ensemble.runs
    if window_s is not None and runs[0].config.cleaning.features.name is not None:
        raise ExportError(f"--window-s applies to runs on waveforms, {runs[0].path} takes features")
    for run in runs[1:]:
        if _inputs(run) != _inputs(runs[0]):
            raise ExportError(
                f"expected runs with the same cleaning and windows for one file, but {run.path} and "
                f"{runs[0].path} differ: export them one by one"
            )
    networks = [saved_network(run) if window_s is None else rebuilt_network(run, window_s) for run in runs]
    calibrated = CalibratedEnsemble(ensemble)
    return Graph(ensemble, tuple(networks), calibrated, floor_of(runs), is_fixed)


def _inputs(run: Run) -> tuple:
    """The settings that make a network's inputs."""
    return run.config.cleaning, run.config.window, run.config.sequence


def combined(ensemble: Ensemble, logits: Sequence[tf.Tensor]) -> tf.Tensor:
    """Calibrated logits of each run -> scores, as `CalibratedEnsemble.scores` has them."""
    activation = _ACTIVATIONS[ensemble.kind.name]
    members = [sum(map(activation, folds)) / len(folds) for folds in ensemble.by_member(logits)]
    weights = ensemble.weights or [1.0] * len(members)
    is_geometric = ensemble.method == "geometric" and len(members) > 1
    votes = [tf.math.log(member) for member in members] if is_geometric else members
    mean = sum(vote * (weight / sum(weights)) for vote, weight in zip(votes, weights, strict=True))
    if not is_geometric:
        return mean
    return ops.softmax(mean) if ensemble.kind.is_single_label else tf.exp(mean)


_ACTIVATIONS: dict[str, Callable] = {
    "multilabel": ops.sigmoid,
    "multiclass": ops.softmax,
    "regression": lambda values: values,
}


def frozen(call: Callable[[Tensors], Tensors], specs: Mapping[str, tf.TensorSpec]) -> tuple[Any, list[str]]:
    """A function without FFT whose variables are constants, and the names of its outputs in their order.

    A converter that is given variables may write them uninitialised, and the model then returns NaN.

    Args:
        call: tensors by name -> tensors by name.
        specs: of the inputs.
    """
    named = {name: tf.TensorSpec(spec.shape, spec.dtype, name) for name, spec in specs.items()}
    with without_fft():
        concrete = tf.function(call, autograph=False).get_concrete_function(named)
    constant = convert_variables_to_constants_v2(concrete, lower_control_flow=False)  # loops stay loops
    return constant, sorted(concrete.structured_outputs)
