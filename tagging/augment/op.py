"""What an augmentation is: a record of its settings, of what is random in it, and of what it does to a batch."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple


class Batch(NamedTuple):
    """What goes through the augmentations.

    Attributes:
        inputs: waveforms (batch, samples) in [-1, 1], samples static; or images (batch, frames, bands, channels), whose
            rows have NaN in all bands of the frames after their end where they differ in length. float32.
        labels: (batch, classes) float32.
        weights: (batch,) float32, of the rows in the loss.
        is_augmented: (batch,) bool; the other rows stay bit for bit.
        backgrounds: waveforms to lie under the inputs, as these; there only while `background` is on.
        edges_hz: moves of the lowest and the highest edge of the front end's mel bands, (batch, 2) float32; None: the
            bands stay as they are.
    """

    inputs: Any
    labels: Any
    weights: Any
    is_augmented: Any
    backgrounds: Any = None
    edges_hz: Any = None


class Rows(NamedTuple):
    """The inputs of a batch, as far as what is drawn for them depends on them.

    Attributes:
        n: how many there are, a scalar.
        shape: of one of them, without the batch axis; frames are a scalar tensor where they vary.
        lengths: frames of each before its padding, (n,) int32; None: they do not vary.
    """

    n: Any
    shape: tuple[Any, ...]
    lengths: Any = None


@dataclass(frozen=True)
class Op:
    """One augmentation.

    Attributes:
        draw: (rows, seed (2,), the settings of each key) -> what is random: a tensor, or a tuple of tensors, each with
            one entry per row. Called in tf.data, so it is TensorFlow; the same seed draws the same.
        apply: (batch, what was drawn, the settings of each key) -> batch with other inputs, labels or weights. Written
            with `keras.ops`, as it runs in tf.data or in the training step. The rows that are not augmented are put
            back afterwards, so that it need not look at `is_augmented`. Rows of one batch come in random order: a row's
            partner may be the next one.
        settings: key under `augment` -> class of its settings, a frozen dataclass whose `enabled` says if anything
            happens. All defaults together are off.
        place: ops of waveforms, and ops of images, are applied in the order of their places.
        of_waveforms: before the front end; otherwise on its images.
        stream: number of its random stream; None: derived from the first key.
        fills_zero: puts 0 into images, which is silence or a mean in those of most front ends.
        needs_frames: settings which, if they are not at their defaults, need images of a fixed number of frames.
        needs_edges: sets `Batch.edges_hz`, which not every front end takes; 0 in the rows that are not augmented.
        is_limiter: also applied, at its defaults, where any other op of waveforms is.
        is_tensorflow: `apply` is TensorFlow, too: always in tf.data, before all other ops.
    """

    draw: Callable[..., Any]
    apply: Callable[..., Batch]
    settings: Mapping[str, type]
    place: int
    of_waveforms: bool = False
    stream: int | None = None
    fills_zero: bool = False
    needs_frames: tuple[str, ...] = ()
    needs_edges: bool = False
    is_limiter: bool = False
    is_tensorflow: bool = False

    @property
    def key(self) -> str:
        """The first of its keys."""
        return next(iter(self.settings))


def is_on(part: Any) -> bool:
    """Whether the settings of a key, or a number that is 0 where it is off, make anything happen."""
    return part > 0 if isinstance(part, int | float) else part.enabled
