"""A clean file inside the page: the first seconds of its sound, and a picture of it."""

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
from tagging.report.html import data_uri

HEARD_S, RATE_HZ = 5.0, 16000  # of every clip in the page: with a dozen of them it stays under 5 MB
_PICTURE = FeatureSettings(name="mel", n_fft=1024, hop_length=256, n_mels=64, top_db=80.0)
_MOST_STEPS = 600  # of features drawn


class Shown(NamedTuple):
    """A clip in the page: `data:` addresses of a picture and of its sound (None: features), and what the picture is."""

    picture: str
    sound: str | None
    caption: str


def shown_clip(path: Path) -> Shown:
    """A file of a clean folder: a PCM16 WAV, or features."""
    if path.suffix == FEATURE_SUFFIX:
        features = np.load(path, allow_pickle=False, mmap_mode="r")[:_MOST_STEPS]
        caption = f"first {len(features)} steps, {features.shape[1]} bands"
        return Shown(data_uri("image/png", picture_png(np.asarray(features))), None, caption)
    pcm = heard(path)
    caption = f"first {len(pcm) / RATE_HZ:.1f} s, log-mel to {RATE_HZ / 2000:g} kHz"
    image, _ = compute_features(pcm, RATE_HZ, _PICTURE)
    return Shown(
        data_uri("image/png", picture_png(image)), data_uri("audio/wav", wav_bytes(pcm, RATE_HZ)), caption
    )


def heard(path: Path) -> np.ndarray:
    """The first seconds of a clean WAV, (samples,) int16 at RATE_HZ."""
    with wave.open(str(path), "rb") as file:
        rate_hz = file.getframerate()
        pcm = np.frombuffer(file.readframes(round(HEARD_S * rate_hz)), "<i2")
    waveform = resample(pcm.astype(np.float32) / 32768, rate_hz, RATE_HZ)
    return to_pcm16(waveform)[0]


def wav_bytes(pcm: np.ndarray, rate_hz: int) -> bytes:
    """A mono PCM16 WAV file of (samples,) int16."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(pcm.astype("<i2").tobytes())
    return buffer.getvalue()


def picture_png(image: np.ndarray) -> bytes:
    """(steps, bands) as a PNG, time to the right, low bands below, a pixel a value."""
    buffer = io.BytesIO()
    imsave(buffer, np.nan_to_num(image.T[::-1]), cmap="magma", format="png")
    return buffer.getvalue()
