"""What a tagger is given: files, or samples."""

from pathlib import Path

import numpy as np

from preprocessing.stream import ArraySound, FileSound, Sound
from tagging.inference.results import TaggerError

Audio = str | Path | FileSound | np.ndarray


def sound_of(audio: Audio, rate_hz: int | None) -> Sound:
    """A file, or samples at `rate_hz`.

    Raises:
        TaggerError: a rate with a file, or samples without.
        DecodeError: samples of another type or shape.
    """
    if isinstance(audio, str | Path | FileSound):
        if rate_hz is not None:
            raise TaggerError(f"expected no rate_hz with a file, which has its own, received {rate_hz}")
        return file_sound(audio)
    if rate_hz is None:
        raise TaggerError("expected rate_hz with samples, received none")
    return ArraySound(audio, rate_hz)


def file_sound(file: str | Path | FileSound) -> FileSound:
    """A file by its name, or one that is watched while it is read."""
    return file if isinstance(file, FileSound) else FileSound(Path(file))
