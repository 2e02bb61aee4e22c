"""What an augmentation is: a record of its settings and of what it does to a batch."""

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


@dataclass(frozen=True)
class Op:
    """One augmentation.

    Attributes:
        apply: (batch, seed (2,), the settings of each key) -> batch with other inputs, labels or weights. The rows
            that are not augmented are put back afterwards, so that it need not look at `is_augmented`. Rows of one
            batch come in random order: a row's partner may be the next one.
        settings: key under `augment` -> class of its settings, a frozen dataclass whose `enabled` says if anything
            happens. All defaults together are off.
        place: ops of waveforms, and ops of images, are applied in the order of their places.
        of_waveforms: before the front end; otherwise on its images.
        stream: number of its random stream; None: derived from the first key.
        fills_zero: puts 0 into images, which is silence or a mean in those of most front ends.
        needs_frames: settings which, if they are not at their defaults, need images of a fixed number of frames.
        needs_edges: sets `Batch.edges_hz`, which not every front end takes; 0 in the rows that are not augmented.
        is_limiter: also applied, at its defaults, where any other op of waveforms is.
    """

    apply: Callable[..., Batch]
    settings: Mapping[str, type]
    place: int
    of_waveforms: bool = False
    stream: int | None = None
    fills_zero: bool = False
    needs_frames: tuple[str, ...] = ()
    needs_edges: bool = False
    is_limiter: bool = False

    @property
    def key(self) -> str:
        """The first of its keys."""
        return next(iter(self.settings))


def is_on(part: Any) -> bool:
    """Whether the settings of a key, or a number that is 0 where it is off, make anything happen."""
    return part > 0 if isinstance(part, int | float) else part.enabled
