"""Weights from files and from the web: Keras 3's `.weights.h5` and the older `.h5`, told apart by their content."""

import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

import h5py
import keras

from models.settings import ModelError


class DownloadError(ModelError):
    """Published weights that could not be had; the message says what to do in a config, `reason` what happened."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"model.weights: the download failed ({reason}); fetch the file elsewhere and give its path "
            "as model.weights=PATH, or train from random weights with model.weights=none"
        )
        self.reason = reason


def load_weights(model: keras.Model, path: Path, kind: str) -> None:
    """Load all weights of `model`, whatever the file is called; every shape has to fit.

    Args:
        model: gets the weights, by the order of its layers.
        path: of the file.
        kind: what the file has to hold, for messages.

    Raises:
        ModelError: no such file, or it does not hold the weights of this model.
    """
    if not path.is_file():
        raise ModelError(
            f"model.weights: expected the name of published weights, none or the path of a weights file, "
            f"received {path}: no such file"
        )
    with tempfile.TemporaryDirectory() as folder:
        try:
            named = Path(folder) / ("old.h5" if _is_legacy(path) else "new.weights.h5")
            os.symlink(path.resolve(), named)  # Keras goes by the name
            with warnings.catch_warnings():
                warnings.filterwarnings("error", message="Skipping")  # a layer left at random
                model.load_weights(named)
        except (ValueError, OSError, KeyError, TypeError, UserWarning) as error:
            raise ModelError(
                f"model.weights: {path} does not hold the weights of {kind} ({_one_line(error)})"
            ) from error


def _is_legacy(path: Path) -> bool:
    """Whether TF-Keras or Keras 2 wrote it: weights by layer, or a whole model with them."""
    with h5py.File(path) as file:
        return "layer_names" in file.attrs or "model_weights" in file


def downloaded(url: str, sha256: str | None) -> Path:
    """The file from the web, kept in Keras's cache; checked where its hash is known. Progress goes to stderr.

    Raises:
        DownloadError: no network, or another file than expected.
    """
    with download_errors(), redirect_stdout(sys.stderr):
        name = url.rsplit("/", 1)[-1]
        return Path(
            keras.utils.get_file(name, url, cache_subdir="models", file_hash=sha256, hash_algorithm="sha256")
        )


@contextmanager
def download_errors() -> Iterator[None]:
    """Keras's errors of a failed download, some of them bare Exceptions, as one `DownloadError`."""
    try:
        yield
    except Exception as error:
        known = ("URL fetch failure", "hash does not match")
        if not (isinstance(error, OSError) or any(words in str(error) for words in known)):
            raise
        raise DownloadError(_one_line(error)) from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
