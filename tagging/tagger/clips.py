"""Clips as a tagger receives them, and cleaned as the test clips of its runs are."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from preprocessing.chain import CleanStream
from preprocessing.errors import NoSoundError
from preprocessing.feature_settings import STORED
from preprocessing.features import compute_features
from preprocessing.manifest import check_fingerprint
from preprocessing.settings import CleaningSettings
from preprocessing.sound import Sound
from preprocessing.sound_arrays import ArraySound
from preprocessing.sound_files import FileSound
from preprocessing.stored import read_clips, read_stored
from tagging.datasets.cleaned import clean_home
from tagging.datasets.table import TEST
from tagging.inference.errors import TaggerError
from tagging.pipeline.blocks import ALL_SILENCE
from tagging.runs.run import Run

AudioInput = str | Path | FileSound | np.ndarray
"""What a tagger is given: a file, or samples."""

CleanClip = CleanStream | np.ndarray
"""Clean audio, or features (clips, steps, bands) float32: of one clip, or of consecutive ones."""


def sound_of(audio: AudioInput, rate_hz: int | None) -> Sound:
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


def clean_sound(sound: Sound, cleaning: CleaningSettings) -> CleanClip:
    """A raw clip as the test clips of a run are cleaned; features take all of it into memory.

    A file of a clean folder is taken as it is, so that its silence is not removed twice. With `cleaning.features` of
    `stored`, files hold features instead of audio.

    Raises:
        DecodeError: audio, or a file of features, that cannot be used.
        CleanFolderError: see `clean_folder`.
        TaggerError: samples, where features are expected.
    """
    features = cleaning.features
    is_clean = isinstance(sound, FileSound) and clean_folder(sound.path, cleaning) is not None
    if isinstance(sound, FileSound) and (features.name == STORED or (is_clean and features.name)):
        return read_stored(sound.path)[None] if is_clean else read_clips(sound.path, features)
    if features.name == STORED:
        raise TaggerError("expected a file of features (cleaning.features.name=stored), received samples")
    clean = CleanStream(sound, replace(cleaning, remove_silence=False) if is_clean else cleaning, TEST)
    if features.name is None:
        return clean
    pcm = clean.pcm()
    if not len(pcm):
        raise NoSoundError(ALL_SILENCE)
    return compute_features(pcm, cleaning.rate_hz, features)[0][None]


def check_clean(runs: Sequence[Run], files: Iterable[Path]) -> None:
    """Raises CleanFolderError where a file lies in a clean folder that was made by other rules than the runs'."""
    for folder in dict.fromkeys(file.parent for file in files):
        for cleaning in dict.fromkeys(run.config.cleaning for run in runs):
            clean_folder(folder, cleaning)


def clean_folder(path: Path, cleaning: CleaningSettings) -> Path | None:
    """The clean folder that a file lies in; None: it is raw.

    Raises:
        CleanFolderError: the folder was made by other rules.
    """
    home = clean_home(Path(os.path.abspath(path)))
    if home:
        check_fingerprint(home, cleaning)
    return home
