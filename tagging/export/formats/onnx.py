"""ONNX, for ONNX Runtime on servers, desktops and in browsers."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import tf2onnx

from tagging.export.about import KEY, About
from tagging.export.errors import ExportError
from tagging.export.graph import LOGITS, SCORES, Graph, frozen

PACKAGES = {"onnx": "onnx", "onnxruntime": "onnxruntime", "tf2onnx": "tf2onnx"}
PURPOSE = "ONNX Runtime, on servers and desktops"
MODEL = "model.onnx"
FILES = ("model.onnx",)
PRECISIONS = ("float32",)
_OPSET = 17
_BUILT_IN = ("", "ai.onnx")  # domains of operators


def write(graph: Graph, folder: Path, about: About) -> None:
    """Write `model.onnx`."""
    (folder / MODEL).write_bytes(serialized(graph, about))


def serialized(graph: Graph, about: About) -> bytes:
    """The file, of standard operators only, with the facts in its metadata.

    Raises:
        ExportError: a network that has no such form.
    """
    model = converted(graph)
    model.producer_name, model.doc_string = "audio-tagging", f"{about.name}: calibrated scores of a window"
    facts = {KEY: about.as_json(), "labels": about.labels_text, "rate_hz": str(about.inputs["rate_hz"] or "")}
    onnx.helper.set_model_props(model, facts)
    return model.SerializeToString()


def converted(graph: Graph) -> onnx.ModelProto:
    """A graph as a model with named inputs and outputs."""
    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it warns of its own old interfaces
    constant, names = frozen(graph.whole, graph.specs)
    outputs = dict(zip((tensor.name for tensor in constant.outputs), names, strict=True))
    inputs = {tensor.name: tensor.op.name for tensor in constant.inputs}
    try:
        model, _ = tf2onnx.convert.from_graph_def(
            constant.graph.as_graph_def(),
            input_names=list(inputs),
            output_names=list(outputs),
            opset=_OPSET,
            tensors_to_rename={**inputs, **outputs},
            custom_op_handlers={"Log1p": (_log1p, []), "SelectV2": (_where, [])},
        )
        onnx.checker.check_model(model)  # an operator that has no form is left in, with a line in the log
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise ExportError(f"this network has no form in ONNX ({reason}); use --to savedmodel") from error
    return model


def _log1p(context: Any, node: Any, name: str, _: Any) -> None:
    """log(1 + x), which ONNX has no operator for."""
    one = context.make_const(f"{name}_one", np.ones((), np.float32))
    total = context.make_node("Add", [node.input[0], one.output[0]], name=f"{name}_plus_one")
    node.type = "Log"
    context.replace_input(node, node.input[0], total.output[0], 0)


def _where(_context: Any, node: Any, _name: str, _: Any) -> None:
    """A choice; tf2onnx's own is a sum of products, in which NaN on the side that is not chosen counts."""
    node.type = "Where"


class OnnxRuntime:
    """The content of a `.onnx` file in ONNX Runtime, on one thread."""

    def __init__(self, content: bytes) -> None:
        self.name = f"onnxruntime {onnxruntime.__version__}"
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        nodes = onnx.load_from_string(content).graph.node
        self.not_built_in = tuple(sorted({node.op_type for node in nodes if node.domain not in _BUILT_IN}))
        self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        (self._input,) = (each.name for each in self._session.get_inputs())

    def __call__(self, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        scores, logits = self._session.run([SCORES, LOGITS], {self._input: inputs})
        return scores, logits


def load(folder: Path) -> OnnxRuntime:
    """What `write` wrote, in its runtime."""
    return OnnxRuntime((folder / MODEL).read_bytes())
