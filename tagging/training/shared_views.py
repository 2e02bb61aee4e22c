"""Where the views of a stage are: in its work folder, or where other runs find them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np

from foundation.digests import new_digest
from foundation.locks import waiting_lock
from foundation.settings import as_dict
from foundation.words import counted
from tagging.pipeline.batches import TrainingBatches
from tagging.runs.contents import FEATURES
from tagging.runs.versions import versions
from tagging.training.clips_digest import clips_digest
from tagging.training.stage_run import StageRun

_LOCK = ".lock"
_OF_HEADS = (
    "dropout",
    "freeze_batch_norm",
    "units",
    "weights",  # the weights themselves count
    "weights_sha256",
)  # keys of `model` that leave the frozen backbone as it is


@contextmanager
def views_folder(run: StageRun, batches: TrainingBatches, frozen: keras.Model) -> Iterator[Path]:
    """The folder for the views of a stage; in `pipeline.views_dir`, one for all runs whose views are the same.

    Other processes that make the same views wait until the block has ended.

    Args:
        run: the stage and its clips.
        batches: the images that the views are made of.
        frozen: images -> features.
    """
    shared = run.stage.config.pipeline.views_dir
    if shared is None:
        yield run.stage.work / FEATURES
        return
    folder = Path(shared, _key(run, batches, frozen))
    folder.mkdir(parents=True, exist_ok=True)
    with waiting_lock(
        folder / _LOCK, f"waiting for another process, which makes the same features in {folder}"
    ):
        if n_made := len(list(folder.glob("view-*.npy"))):
            print(f"views of {counted(n_made, 'epoch')} are in {folder}")
        yield folder


def _key(run: StageRun, batches: TrainingBatches, frozen: keras.Model) -> str:
    """A digest of everything that the views depend on, as hexadecimal digits."""
    digest = new_digest()
    digest.update(json.dumps(_shaping(run, batches), sort_keys=True).encode())
    arrays = (batches.targets, batches.weights, batches.augmented, *batches.frontend.weights, *frozen.weights)
    for array in arrays:
        _add(digest, array)
    return digest.hexdigest()


def _shaping(run: StageRun, batches: TrainingBatches) -> dict[str, Any]:
    """Settings, clips by name and sound, and what computes."""
    whole, data, precision = as_dict(run.stage.config), run.data, keras.mixed_precision.dtype_policy().name
    return {
        "settings": {key: whole[key] for key in ("cleaning", "window", "sequence", "frontend")},
        "model": {key: value for key, value in whole["model"].items() if key not in _OF_HEADS},
        "augment": whole["stages"][run.stage.name]["augment"],
        "order": [batches.seed, batches.batch_size],
        "clips": [clips_digest(data.train), clips_digest(data.backgrounds)],
        "computed": [versions(), keras.backend.backend(), batches.on_device, precision],
    }


def _add(digest: Any, array: Any) -> None:
    if array is None:
        digest.update(b"none")
        return
    values = np.ascontiguousarray(array)
    digest.update(f"{values.dtype} {values.shape}".encode())
    digest.update(values.tobytes())
