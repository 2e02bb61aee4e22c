"""What of a clip a network sees at once: a window of clean audio, or a piece of a stored feature sequence."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import tensorflow as tf
from keras import ops

from preprocessing.folder import FEATURE_HEADER_BYTES, HEADER_BYTES
from tagging.pipeline import windows
from tagging.pipeline.settings import SequenceSettings, WindowSettings


class Pieces(Protocol):
    """How clean files become inputs of a network.

    Attributes:
        input_shape: of one input; None: it varies.
        is_audio: whether inputs are waveforms.
    """

    @property
    def input_shape(self) -> tuple[int | None, ...]: ...

    @property
    def is_audio(self) -> bool: ...

    def read(self, path: tf.Tensor) -> tf.Tensor:
        """The whole clip as it is stored, time first."""

    def draw(self, clip: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """One piece at random; the same seed (two integers) draws the same."""

    def starts(self, clip: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """(the clip, long enough; where its pieces start): all that prediction looks at."""

    def count(self, n_bytes: int) -> int:
        """How many pieces a clean file of this size has."""

    def cut(self, clip: tf.Tensor, start: tf.Tensor) -> tf.Tensor:
        """The piece that starts there."""

    def to_input(self, batch: Any, cast: Callable = ops.cast) -> Any:
        """A batch of pieces as the network's front end takes it, float32; `cast` of the library that computes it."""


@dataclass(frozen=True)
class AudioWindows:
    """Windows of clean PCM16 files.

    Attributes:
        length, hop: of windows, in samples.
        candidates: random windows to choose from, see `windows.loudest_window`.
        short, only_first: see `WindowSettings`.
    """

    length: int
    hop: int
    candidates: int = 1
    short: str = "tile"
    only_first: bool = False

    is_audio = True

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        return (self.length,)

    def read(self, path: tf.Tensor) -> tf.Tensor:
        """(samples,) int16; half the time of `tf.audio.decode_wav`."""
        return tf.io.decode_raw(tf.strings.substr(tf.io.read_file(path), HEADER_BYTES, -1), tf.int16)

    def draw(self, clip: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        clip = self._filled(clip)
        if self.only_first:
            return self.cut(clip, 0)
        return windows.loudest_window(clip, self.length, self.candidates, seed)

    def starts(self, clip: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        clip = self._filled(clip)
        samples = self.length if self.only_first else tf.size(clip)
        return clip, windows.window_starts(samples, self.length, self.hop)

    def count(self, n_bytes: int) -> int:
        samples = self.length if self.only_first else (n_bytes - HEADER_BYTES) // 2
        return windows.n_windows(samples, self.length, self.hop)

    def cut(self, clip: tf.Tensor, start: tf.Tensor | int) -> tf.Tensor:
        return tf.ensure_shape(clip[start : start + self.length], (self.length,))

    def to_input(self, batch: Any, cast: Callable = ops.cast) -> Any:
        """int16 -> float32 in [-1, 1)."""
        return cast(batch, "float32") / 32768.0

    def _filled(self, clip: tf.Tensor) -> tf.Tensor:
        return windows.pad(clip, self.length) if self.short == "pad" else windows.tile(clip, self.length)


@dataclass(frozen=True)
class FeatureSequences:
    """Pieces of clean feature files, (steps, bands) each.

    A batch is padded to its longest piece with NaN, which no feature is: networks take NaN for padding.

    Attributes:
        bands: numbers a step.
        max_steps, fixed: see `SequenceSettings`.
    """

    bands: int
    max_steps: int
    fixed: bool = False

    is_audio = False

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        return (self.max_steps if self.fixed else None, self.bands)

    def read(self, path: tf.Tensor) -> tf.Tensor:
        values = tf.io.decode_raw(
            tf.strings.substr(tf.io.read_file(path), FEATURE_HEADER_BYTES, -1), tf.float32
        )
        return tf.reshape(values, (-1, self.bands))

    def draw(self, clip: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        clip = self._filled(clip)
        last_start = tf.maximum(tf.shape(clip)[0] - self.max_steps, 0)
        return self.cut(clip, tf.random.stateless_uniform([], seed, 0, last_start + 1, tf.int32))

    def starts(self, clip: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        clip = self._filled(clip)
        return clip, windows.window_starts(tf.shape(clip)[0], self.max_steps, max(1, self.max_steps // 2))

    def count(self, n_bytes: int) -> int:
        steps = (n_bytes - FEATURE_HEADER_BYTES) // (4 * self.bands)
        return windows.n_windows(steps, self.max_steps, max(1, self.max_steps // 2))

    def cut(self, clip: tf.Tensor, start: tf.Tensor) -> tf.Tensor:
        return tf.ensure_shape(clip[start : start + self.max_steps], self.input_shape)

    def to_input(self, batch: Any, cast: Callable = ops.cast) -> Any:
        return cast(batch, "float32")

    def _filled(self, clip: tf.Tensor) -> tf.Tensor:
        if not self.fixed:
            return clip
        repeats = -(-self.max_steps // tf.shape(clip)[0])
        return tf.tile(clip, [tf.maximum(repeats, 1), 1])[: tf.maximum(tf.shape(clip)[0], self.max_steps)]


def audio_windows(settings: WindowSettings, rate_hz: int) -> AudioWindows:
    """Windows as the settings say."""
    return AudioWindows(
        settings.window_samples(rate_hz),
        settings.hop_samples(rate_hz),
        settings.candidates,
        settings.short,
        settings.only_first,
    )


def feature_sequences(settings: SequenceSettings, bands: int) -> FeatureSequences:
    """Pieces as the settings say."""
    return FeatureSequences(bands, settings.max_steps, settings.fixed)
