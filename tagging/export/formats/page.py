"""A page for browsers: one HTML file with the ONNX model and ONNX Runtime for WebAssembly in it."""

from importlib.resources import files
from pathlib import Path

from tagging.export.about import About
from tagging.export.card import weights_licence
from tagging.export.errors import ExportError
from tagging.export.formats.onnx import OnnxRuntime, serialized
from tagging.export.graph import Graph
from tagging.export.page.document import document, model_of
from tagging.export.page.runtime import NAME, VERSION, web_runtime

PACKAGES = {"onnx": "onnx", "onnxruntime": "onnxruntime", "tf2onnx": "tf2onnx"}
PURPOSE = "browsers, one HTML file"
MODEL = "index.html"
FILES = ("index.html", "licences.txt")
PRECISIONS = ("float32",)
OPTIONS = ("runtime",)
RUNS_ALONE = True
NEXT = "open {model} in a browser"


def write(graph: Graph, folder: Path, about: About, runtime: Path | None = None) -> None:
    """Write the page and the licences of its runtime.

    Args:
        graph, folder, about: as for all formats.
        runtime: the npm package of the runtime; None: it is fetched once.

    Raises:
        ExportError: a run on features; a runtime that cannot be had; a network that has no form in ONNX.
    """
    if not graph.takes_audio:
        raise ExportError(
            "--to page takes runs on waveforms, this one takes features that are computed offline; use --to onnx"
        )
    web = web_runtime(runtime)
    page = document(serialized(graph, about), about.as_json(), web)
    (folder / MODEL).write_text(page, encoding="utf-8")
    (folder / "licences.txt").write_text(_licences(graph), encoding="utf-8")


def _licences(graph: Graph) -> str:
    """Of the weights, and of ONNX Runtime and its parts: the npm package has no texts, the one for Python has."""
    texts = ("LICENSE", "ThirdPartyNotices.txt")
    parts = [files("onnxruntime").joinpath(name).read_text(encoding="utf-8") for name in texts]
    model = f"The model in index.html. {weights_licence(graph)}"
    return "\n\n".join([model, f"{NAME} {VERSION}, which index.html contains, is ONNX Runtime.", *parts])


def load(folder: Path) -> OnnxRuntime:
    """The model in the page, in ONNX Runtime for Python, whose kernels differ from the browser's only by rounding."""
    runtime = OnnxRuntime(model_of((folder / MODEL).read_text(encoding="utf-8")))
    runtime.name += f" (in the page: {NAME} {VERSION})"
    return runtime
