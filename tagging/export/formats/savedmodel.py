"""TensorFlow's SavedModel, for TensorFlow Serving and programs that have TensorFlow already."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from tagging.export.about import NAME, About
from tagging.export.graph import LOGITS, SCORES, Graph

PACKAGES = {"tensorflow": "tensorflow"}
PURPOSE = "TensorFlow Serving, programs with TensorFlow"
MODEL = "savedmodel"
FILES = (
    "savedmodel/saved_model.pb",
    "savedmodel/fingerprint.pb",
    "savedmodel/variables/variables.index",
    "savedmodel/variables/variables.data-00000-of-00001",
    "savedmodel/assets.extra/audio_tagging.json",
)
PRECISIONS = ("float32",)
_SIGNATURE = "serving_default"


def write(graph: Graph, folder: Path, about: About) -> None:
    """Write the folder `savedmodel`; its spectra are by FFT, as in training."""
    module = tf.Module()
    module.layers = [(each.frontend, each.network) for each in graph.networks]
    specs = {name: tf.TensorSpec(spec.shape, spec.dtype, name) for name, spec in graph.specs.items()}
    serve = tf.function(lambda **inputs: graph.whole(inputs), autograph=False).get_concrete_function(**specs)
    tf.saved_model.save(module, str(folder / MODEL), signatures={_SIGNATURE: serve})
    extra = folder / MODEL / "assets.extra"
    extra.mkdir()
    (extra / NAME).write_text(about.as_json(), encoding="utf-8")


class SavedModel:
    """A SavedModel in TensorFlow, on the threads of this process."""

    not_built_in = ()

    def __init__(self, folder: Path) -> None:
        self.name = f"tensorflow {tf.__version__}"
        self._loaded = tf.saved_model.load(str(folder / MODEL))  # its variables live as long as it is held
        self._serve = self._loaded.signatures[_SIGNATURE]
        (self._input,) = self._serve.structured_input_signature[1]

    def __call__(self, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = self._serve(**{self._input: tf.constant(inputs)})
        return found[SCORES].numpy(), found[LOGITS].numpy()


def load(folder: Path) -> SavedModel:
    """What `write` wrote, in TensorFlow."""
    return SavedModel(folder)
