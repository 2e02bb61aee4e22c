"""What becomes of a batch of pieces: what is drawn for it, and the steps up to the images that a network sees."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, NamedTuple

import keras
import tensorflow as tf
from keras import ops

from tagging.augment.batch import (
    Chain,
    Drawn,
    Step,
    as_tensors,
    image_chain,
    last,
    tensorflow_chain,
    waveform_chain,
)
from tagging.augment.op import Batch, Rows
from tagging.augment.settings import AugmentSettings
from tagging.augment.spec_augment import own_lengths
from tagging.frontend.parts.in_groups import in_groups
from tagging.pipeline.pieces import Pieces

FRONT_END = "front end"  # the name of its step
_INPUT = "input"


class BatchDrawn(NamedTuple):
    """What is random in a batch.

    Attributes:
        tensorflow, waveforms, images: of the chain of this name.
    """

    tensorflow: Drawn
    waveforms: Drawn
    images: Drawn


@dataclass(frozen=True)
class ImageSteps:
    """To float, augmentation of waveforms, front end, augmentation of images.

    What is random is drawn in tf.data by `draw`. Then come `first_steps`, which are TensorFlow and stay in tf.data, and
    `steps`, which are `keras.ops` and run there or in the training step, with the same results within float error.

    Attributes:
        pieces: how inputs are stored.
        frontend: inputs (and `Batch.edges_hz`, if they move) -> images.
        augment: what is done to waveforms and images.
        on_host: whether `steps` runs in tf.data.
    """

    pieces: Pieces
    frontend: keras.Layer
    augment: AugmentSettings
    on_host: bool = False

    def draw(self, stored: tf.Tensor, waveform_seed: tf.Tensor, image_seed: tf.Tensor) -> BatchDrawn:
        """What is random in the steps of a batch.

        Args:
            stored: pieces, (batch, ...).
            waveform_seed, image_seed: (2,) integers each, others for each batch and epoch.
        """
        n = tf.shape(stored)[0]
        shape, lengths = tuple(self.frontend.compute_output_shape((None, *self.pieces.input_shape))[1:]), None
        if shape[0] is None:
            shape, lengths = (tf.shape(stored)[1], *shape[1:]), own_lengths(stored)
        of_images = image_chain(self.augment).draw(Rows(n, shape, lengths), image_seed)
        if not self.pieces.is_audio:
            return BatchDrawn((), (), of_images)
        waves = Rows(n, self.pieces.input_shape)
        of_first = self._first.draw(waves, waveform_seed)
        return BatchDrawn(of_first, waveform_chain(self.augment).draw(waves, waveform_seed), of_images)

    def first_steps(self, batch: Batch, drawn: BatchDrawn) -> list[Step]:
        """The inputs, and what is left of them after each op of `tensorflow_chain`, which are floats."""
        if not self._first.ops:
            return [(_INPUT, batch)]
        batch = batch._replace(inputs=self.pieces.to_input(batch.inputs, tf.cast))
        return [(_INPUT, batch), *self._first.steps(batch, drawn.tensorflow)]

    def steps(self, batch: Batch, drawn: BatchDrawn) -> list[Step]:
        """The inputs as `first_steps` leaves them, as floats, and what is left of them after each further step."""
        name = self.augment.title(self._first.ops[-1]) if self._first.ops else _INPUT
        if not self._first.ops:
            batch = batch._replace(inputs=self.pieces.to_input(batch.inputs))
        steps = [(name, batch)]
        if batch.backgrounds is not None:
            batch = batch._replace(backgrounds=self.pieces.to_input(batch.backgrounds))
        if self.pieces.is_audio:
            steps += waveform_chain(self.augment).steps(batch, drawn.waveforms)
        batch = last(steps)
        moved = () if batch.edges_hz is None else (batch.edges_hz,)
        image = batch._replace(inputs=self._images(batch.inputs, *moved))
        return [*steps, (FRONT_END, image), *image_chain(self.augment).steps(image, drawn.images)]

    def packed(self, batch: Batch, drawn: BatchDrawn) -> tuple[dict, Any, Any]:
        """(all that `steps` takes but for labels and weights, labels, weights): as Keras takes it in."""
        parts = {"inputs": batch.inputs, "is_augmented": batch.is_augmented}
        if batch.backgrounds is not None:
            parts["backgrounds"] = batch.backgrounds
        return {**parts, "waveforms": drawn.waveforms, "images": drawn.images}, batch.labels, batch.weights

    def unpacked(self, data: tuple) -> tuple[Batch, BatchDrawn]:
        """What was packed; without weights, all are 1."""
        parts, labels, *weights = as_tensors(data)
        batch = Batch(
            parts["inputs"],
            labels,
            weights[0] if weights else ops.ones_like(labels[:, 0]),
            parts["is_augmented"],
            parts.get("backgrounds"),
        )
        return batch, BatchDrawn((), parts["waveforms"], parts["images"])

    @property
    def _images(self) -> Callable:
        """Inputs (and edges) -> images."""
        return partial(in_groups, self.frontend) if self.on_host and self.pieces.is_audio else self.frontend

    @cached_property
    def _first(self) -> Chain:
        return tensorflow_chain(self.augment)
