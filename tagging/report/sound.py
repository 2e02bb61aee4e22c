"""A clean file inside the page: the first seconds of its sound, and an image of it."""

import io
import wave
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.image import imsave

from preprocessing.feature_settings import FeatureSettings
from preprocessing.features import compute_features
from preprocessing.folder import FEATURE_SUFFIX
from preprocessing.resample import resample, to_pcm16
from preprocessing.wav import wav_bytes
from tagging.report.html import data_uri

HEARD_S, RATE_HZ = 5.0, 16000  # of every clip in the page: with a dozen of them it stays under 5 MB
_MEL = FeatureSettings(name="mel", n_fft=1024, hop_length=256, n_mels=64, top_db=80.0)
_MOST_STEPS = 600  # of features drawn


class Shown(NamedTuple):
    """A clip in the page: `data:` URLs of an image and of its sound (None: features).

    `ticks` are the times at the left, in the middle and at the right of the image, and `caption` says what it is.
    """

    image: str
    sound: str | None
    ticks: tuple[str, str, str]
    caption: str


def shown_clip(path: Path) -> Shown:
    """A file of a clean folder: a PCM16 WAV, or features."""
    if path.suffix == FEATURE_SUFFIX:
        whole = np.load(path, allow_pickle=False, mmap_mode="r")
        features = np.asarray(whole[:_MOST_STEPS])
        caption = f"{_part(len(features), len(whole), '{} steps')}, {whole.shape[1]} bands"
        ticks = ("0", f"{len(features) / 2:g}", f"{len(features)} steps")
        return Shown(data_uri("image/png", image_png(features)), None, ticks, caption)
    pcm, seconds, rate_hz = heard(path)
    heard_s = len(pcm) / RATE_HZ
    ticks = ("0", f"{heard_s / 2:.2g}", f"{heard_s:.2g} s")
    band = f"log-mel to {RATE_HZ / 2000:g} kHz"
    if rate_hz > RATE_HZ:
        band = f"sound and {band} of the clip's {rate_hz / 2000:g}"
    caption = f"{_part(heard_s, seconds, '{:.1f} s')}, {band}"
    image, _ = compute_features(pcm, RATE_HZ, _MEL)
    sound = data_uri("audio/wav", wav_bytes(pcm, RATE_HZ))
    return Shown(data_uri("image/png", image_png(image)), sound, ticks, caption)


def _part(shown: float, whole: float, form: str) -> str:
    """`3.2 s`, or where it is not all, `first 5.0 s of 7.3 s`."""
    part, all_of_it = form.format(shown), form.format(whole)
    return all_of_it if part == all_of_it else f"first {part} of {all_of_it}"


def heard(path: Path) -> tuple[np.ndarray, float, int]:
    """The first seconds of a clean WAV, (samples,) int16 at RATE_HZ; how many it has, and its own rate."""
    with wave.open(str(path), "rb") as file:
        rate_hz, frames = file.getframerate(), file.getnframes()
        pcm = np.frombuffer(file.readframes(round(HEARD_S * rate_hz)), "<i2")
    waveform = resample(pcm.astype(np.float32) / 32768, rate_hz, RATE_HZ)
    return to_pcm16(waveform)[0], frames / rate_hz, rate_hz


def image_png(image: np.ndarray) -> bytes:
    """(steps, bands) as a PNG, time to the right, low bands below, one pixel per value."""
    buffer = io.BytesIO()
    imsave(buffer, np.nan_to_num(image.T[::-1]), cmap="magma", format="png")
    return buffer.getvalue()
