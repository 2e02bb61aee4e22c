"""Views: what a frozen backbone makes of a stage's clips, epoch by epoch, computed once and kept in files."""

from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
from keras import ops
from tqdm import tqdm

from foundation.digests import DIGEST_BYTES, digest_of, new_digest
from foundation.full_disk import check_free, saving
from tagging.inference.windows import inference_step
from tagging.pipeline.batches import TrainingBatches
from tagging.pipeline.clips import clip_files
from tagging.pipeline.feature_batches import view_type

_HEADER_BYTES = 1024  # and fewer

Batches = Iterator[tuple[np.ndarray, ...]]
"""(features, labels) or (features, labels, weights)."""


def make_views(folder: Path, n: int, batches: TrainingBatches, frozen: keras.Model) -> list[np.ndarray]:
    """The features of the first `n` epochs, (items,) of `view_type` each, read from their files as they are needed.

    Args:
        folder: where the files are; those that an interrupted stage left are kept, unless they are damaged.
        n: how many epochs.
        batches: of images.
        frozen: images -> features.

    Raises:
        OSError: the disk is full.
    """
    folder.mkdir(exist_ok=True)
    row = view_type(frozen.output.shape[1:], batches.targets.shape[1])
    paths = [folder / f"view-{number:05d}.npy" for number in range(n)]
    is_made = [_is_whole(path, row, batches.items) for path in paths]
    n_missing = is_made.count(False)
    check_free(paths[0], n_missing * _size(row, batches.items))
    total, hidden = n_missing * batches.steps, None if n_missing else True
    with clip_files(), tqdm(total=total, desc="features", leave=False, disable=hidden) as bar:
        found = None
        for number, path in enumerate(paths):
            if is_made[number]:
                found = None
                continue
            found = found or _features(batches, number, n, frozen, bar)
            _write(path, row, batches, found)
    return [np.load(path, mmap_mode="r") for path in paths]


def _is_whole(path: Path, row: np.dtype, items: int) -> bool:
    """Whether a file of so many rows is there, and as it was written."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        if digest_of(file, path.stat().st_size - DIGEST_BYTES) != file.read():
            return False
    view = np.load(path, mmap_mode="r")
    return (view.dtype, view.shape) == (row, (items,))


def _size(row: np.dtype, items: int) -> int:
    """Of a file, in bytes, or a little more."""
    return items * row.itemsize + _HEADER_BYTES


def _features(batches: TrainingBatches, first: int, n: int, frozen: keras.Model, bar: tqdm) -> Batches:
    """Every batch, in the order of the epochs."""
    step = inference_step(frozen)
    for data in batches.dataset(first, n):
        images, labels, *weights = batches.finished(data)
        yield tuple(ops.convert_to_numpy(part) for part in (step(images), labels, *weights))
        bar.update()


def _write(path: Path, row: np.dtype, batches: TrainingBatches, found: Batches) -> None:
    """One epoch into its file: a `.npy` with a digest behind it. Written in order, so that a full disk is an error."""
    header = {"descr": np.lib.format.dtype_to_descr(row), "fortran_order": False, "shape": (batches.items,)}
    digest = new_digest()
    with saving(path, _size(row, batches.items)) as partial, partial.open("w+b") as file:
        np.lib.format.write_array_header_2_0(file, header)
        file.seek(0)
        digest.update(file.read())
        for _ in range(batches.steps):
            parts = next(found)
            rows = np.zeros(len(parts[0]), row)
            for name, part in zip(row.names or (), parts, strict=False):
                rows[name] = part
            digest.update(data := rows.tobytes())
            file.write(data)
        file.write(digest.digest())
