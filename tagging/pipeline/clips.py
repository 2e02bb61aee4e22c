"""Clean files as a data set of clips, and of all of their pieces in batches."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tensorflow as tf

from foundation.errors import UserError
from tagging.pipeline.pieces import Pieces


class ClipFileError(UserError):
    """A clean file that cannot be read any more; the message is one line for the user."""


@contextmanager
def clip_files() -> Iterator[None]:
    """TensorFlow's errors about clean files that vanish in the block, as one line.

    Raises:
        ClipFileError: a file is missing or may not be read.
    """
    try:
        yield
    except (tf.errors.NotFoundError, tf.errors.PermissionDeniedError) as error:
        reason = error.message.splitlines()[0].rpartition(": ")[2]  # behind the names of the graph's nodes
        raise ClipFileError(
            f"a clean file could not be read ({reason}): run preprocess.py, then this command again, which resumes"
        ) from error


@tf.autograph.experimental.do_not_convert
def clips_from_files(paths: Sequence[Path], pieces: Pieces, jobs: int) -> tf.data.Dataset:
    """(clip number, clip as stored) of clean files, in their order."""
    numbered = tf.data.Dataset.from_tensor_slices([str(p) for p in paths]).enumerate()
    return numbered.map(lambda number, path: (number, pieces.read(path)), num_parallel_calls=jobs)


@tf.autograph.experimental.do_not_convert
def all_pieces(
    clips: tf.data.Dataset, pieces: Pieces, batch_size: int, span: tuple[int, int] | None = None
) -> tf.data.Dataset:
    """(clip number (batch,), inputs (batch, ...) float32): every piece of every clip, or those from one number on to
    another, as of a `range`.
    """

    def split(number: tf.Tensor, clip: tf.Tensor) -> tf.data.Dataset:
        clip, starts = pieces.starts(clip)
        return tf.data.Dataset.from_tensor_slices(starts).map(lambda start: (number, pieces.cut(clip, start)))

    every = clips.flat_map(split)
    if span:
        every = every.skip(span[0]).take(span[1] - span[0])
    batches = batched(every, batch_size)
    return (
        batches.map(lambda numbers, batch: (numbers, pieces.to_input(batch, tf.cast)))
        .prefetch(2)
        .with_options(steady())
    )


def batched(dataset: tf.data.Dataset, batch_size: int) -> tf.data.Dataset:
    """Batches of a data set; float parts of varying length are padded with NaN."""
    if all(None not in spec.shape for spec in tf.nest.flatten(dataset.element_spec)):
        return dataset.batch(batch_size)
    fills = tf.nest.map_structure(
        lambda spec: tf.constant(float("nan") if spec.dtype.is_floating else 0, spec.dtype),
        dataset.element_spec,
    )
    return dataset.padded_batch(batch_size, padding_values=fills)


def steady() -> Any:
    """Options of every data set here."""
    options = tf.data.Options()
    options.autotune.enabled = False  # autotuning stalls the end of an epoch for up to seconds
    return options
