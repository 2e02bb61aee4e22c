"""Views: what a frozen backbone makes of a stage's clips, epoch by epoch, computed once and kept in files."""

from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
from tqdm import tqdm

from foundation.full_disk import saving
from tagging.inference.windows import inference_step
from tagging.pipeline.batches import TrainingBatches
from tagging.pipeline.clips import clip_files
from tagging.pipeline.feature_batches import view_type


def make_views(folder: Path, n: int, batches: TrainingBatches, frozen: keras.Model) -> list[np.ndarray]:
    """The features of the first `n` epochs, (items,) of `view_type` each, read from their files as they are needed.

    Args:
        folder: where the files are; those that an interrupted stage left are kept.
        n: how many epochs.
        batches: of images.
        frozen: images -> features.

    Raises:
        OSError: the disk is full.
    """
    folder.mkdir(exist_ok=True)
    paths = [folder / f"view-{number:05d}.npy" for number in range(n)]
    done = sum(path.is_file() for path in paths)  # they are made in their order
    hidden = None if done < n else True
    with (
        clip_files(),
        tqdm(total=(n - done) * batches.steps, desc="features", leave=False, disable=hidden) as bar,
    ):
        found = _features(batches, done, n, frozen, bar)
        for path in paths[done:]:
            _write(path, batches, frozen, found)
    return [np.load(path, mmap_mode="r") for path in paths]


def _features(
    batches: TrainingBatches, first: int, n: int, frozen: keras.Model, bar: tqdm
) -> Iterator[tuple[np.ndarray, ...]]:
    """(features, labels, weights) of every batch, in the order of the epochs."""
    step = inference_step(frozen)
    for images, labels, *weights in batches.dataset(first, n):
        yield step(images).numpy(), labels.numpy(), *(each.numpy() for each in weights)
        bar.update()


def _write(
    path: Path, batches: TrainingBatches, frozen: keras.Model, found: Iterator[tuple[np.ndarray, ...]]
) -> None:
    """One epoch into its file."""
    row = view_type(frozen.output.shape[1:], batches.targets.shape[1])
    with saving(path, batches.items * row.itemsize + 1024) as partial:
        view = np.lib.format.open_memmap(partial, "w+", row, (batches.items,))
        end = 0
        for _ in range(batches.steps):
            parts = next(found)
            start, end = end, end + len(parts[0])
            for name, part in zip(row.names or (), parts, strict=False):
                view[name][start:end] = part
        view.flush()
