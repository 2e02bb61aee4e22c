"""LiteRT (TensorFlow Lite): phones, boards, browsers, and MediaPipe's audio classifiers."""

from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from foundation.scratch import scratch_folder
from tagging.cli.backend import without_notices
from tagging.export.about import NAME, About
from tagging.export.errors import ExportError
from tagging.export.formats.parts.tflite_joined import joined
from tagging.export.formats.parts.tflite_metadata import audio_metadata, parsed, with_metadata
from tagging.export.graph import LOGITS, SCORES, Graph, frozen
from tagging.export.registry import FLOAT32

PACKAGES = {"ai_edge_litert": "ai-edge-litert"}
PURPOSE = "phones, boards, MediaPipe"
MODEL = "model.tflite"
FILES = ("model.tflite",)
PRECISIONS = ("float32", "float16", "int8")
LABELS = "labels.txt"


def write(graph: Graph, folder: Path, about: About) -> None:
    """Write `model.tflite`, of built-in operators only.

    Raises:
        ExportError: a network that needs others.
    """
    model = (
        parsed(converted(graph.whole, graph.specs))
        if about.precision == FLOAT32
        else _quantised(graph, about)
    )
    inputs = (graph.input_name, about.inputs["rate_hz"])
    description = "Calibrated scores of a window of audio." if graph.takes_audio else "Scores of features."
    metadata = audio_metadata(about.name, description, inputs, about.outputs, LABELS)
    files = {LABELS: about.labels_text, NAME: about.as_json()}
    (folder / MODEL).write_bytes(with_metadata(model, metadata, files))


def _quantised(graph: Graph, about: About) -> Any:
    """The front end in float32, and what is behind it with smaller weights: halves, or 8 bits that are widened."""
    front = converted(lambda inputs: graph.images(inputs[graph.input_name]), graph.specs)
    back = converted(graph.outputs, graph.image_specs, about.precision)
    return joined(parsed(front), parsed(back))


def converted(call: Any, specs: dict[str, tf.TensorSpec], precision: str = FLOAT32) -> bytes:
    """A function, tensors by name -> tensors by name, as a model with one signature."""
    constant, names = frozen(call, specs)
    module = tf.Module()
    module.constant = constant

    def serve(**inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        found = constant(*(inputs[name] for name in sorted(inputs)))
        return dict(zip(names, found, strict=True))

    signature = tf.function(serve, autograph=False).get_concrete_function(
        **{name: tf.TensorSpec(spec.shape, spec.dtype, name) for name, spec in specs.items()}
    )
    with scratch_folder("tagging-litert-") as folder:
        tf.saved_model.save(module, str(folder), signatures={"serving_default": signature})
        converter = tf.lite.TFLiteConverter.from_saved_model(str(folder))
        # Keras's own exporter also allows operators of TensorFlow, which phones do not have.
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        if precision != FLOAT32:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.target_spec.supported_types = [tf.float16] if precision == "float16" else []
        try:
            with without_notices():
                return converter.convert()
        except Exception as error:
            raise _refused(error, specs) from error


def _refused(error: Exception, specs: dict[str, tf.TensorSpec]) -> ExportError:
    """What the converter says, in one line."""
    if "TensorList" in str(error) and None in [spec.shape[0] for spec in specs.values()]:
        return ExportError("--to litert takes recurrent networks with --fixed only: add it")
    reason = " ".join(str(error).split())[:200]
    return ExportError(
        f"this network needs operators that LiteRT does not have ({reason}); use --to savedmodel"
    )


class LiteRT:
    """A `.tflite` file in ai-edge-litert, on one thread."""

    def __init__(self, folder: Path) -> None:
        self.name = f"ai-edge-litert {version('ai-edge-litert')}"
        content = (folder / MODEL).read_bytes()
        self.not_built_in = tuple(
            code.customCode.decode()
            for code in parsed(content).operatorCodes
            if code.builtinCode == schema.BuiltinOperator.CUSTOM
        )
        with without_notices():
            interpreter = Interpreter(model_content=content, num_threads=1)
            interpreter.allocate_tensors()
        self._runner = interpreter.get_signature_runner()
        (self._input,) = self._runner.get_input_details()

    def __call__(self, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = self._runner(**{self._input: inputs})
        return found[SCORES], found[LOGITS]


def load(folder: Path) -> LiteRT:
    """What `write` wrote, in its runtime."""
    return LiteRT(folder)
