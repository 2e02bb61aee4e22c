"""Features of clean audio with librosa: (frames,) PCM16 -> (steps, bands) float32. See docs/features.md."""

import warnings
from collections.abc import Callable

import librosa  # a lazy loader: what takes seconds is imported where it is first used
import numpy as np

from preprocessing.errors import DecodeError
from preprocessing.feature_settings import FeatureSettings


def compute_features(pcm: np.ndarray, rate_hz: int, settings: FeatureSettings) -> tuple[np.ndarray, str]:
    """Features of a clip.

    Args:
        pcm: shape (frames,), int16.
        rate_hz: its rate.
        settings: which features; a name of `FEATURES`, or `beat_` with mel, chroma or fused.

    Returns:
        shape (steps, bands), float32; and a note for the manifest, or "".

    Raises:
        DecodeError: with `center: false`, a clip shorter than one window; mel bands too narrow for `n_fft`.
    """
    if not settings.center and len(pcm) < settings.n_fft:
        raise DecodeError(
            f"expected {settings.n_fft} samples or more, as cleaning.features.center=false, received {len(pcm)}"
        )
    waveform = pcm.astype(np.float32) / 32768
    name = str(settings.name)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "n_fft=.* is too large")  # short clips are padded with zeros
        warnings.filterwarnings("ignore", "Trying to estimate tuning from empty")  # silence: no shift
        features = FEATURES[name.removeprefix("beat_")](power_spectrum(waveform, settings), rate_hz, settings)
        if not name.startswith("beat_"):
            return features.T.astype(np.float32), ""
        steps, n_beats = _by_beat(features, waveform, rate_hz, settings.hop_length)
    return steps.T.astype(np.float32), "" if n_beats else "no beats found: one step"


def power_spectrum(waveform: np.ndarray, settings: FeatureSettings) -> np.ndarray:
    """|STFT|^2, shape (n_fft // 2 + 1, steps)."""
    n_fft, hop = settings.n_fft, settings.hop_length
    return np.abs(librosa.stft(waveform, n_fft=n_fft, hop_length=hop, center=settings.center)) ** 2


def _log_mel(power: np.ndarray, rate_hz: int, settings: FeatureSettings) -> np.ndarray:
    """Decibels relative to 1, so that levels of clips compare; not lower than `top_db` under the clip's highest."""
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "Empty filters")
        try:
            mel = librosa.feature.melspectrogram(
                S=power, sr=rate_hz, n_fft=settings.n_fft, n_mels=settings.n_mels
            )
        except UserWarning as warning:
            raise DecodeError(
                f"expected a frequency in every mel band, received none in some for {settings.n_mels} bands at "
                f"{rate_hz} Hz: lower cleaning.features.n_mels or raise n_fft={settings.n_fft}"
            ) from warning
    return librosa.power_to_db(mel, ref=1.0, top_db=settings.top_db)


def _chroma(power: np.ndarray, rate_hz: int, settings: FeatureSettings) -> np.ndarray:
    """12 pitch classes from C, each step divided by its highest, in the clip's own tuning."""
    return librosa.feature.chroma_stft(S=power, sr=rate_hz, n_fft=settings.n_fft)


def _fused(power: np.ndarray, rate_hz: int, settings: FeatureSettings) -> np.ndarray:
    return np.concatenate([_log_mel(power, rate_hz, settings), _chroma(power, rate_hz, settings)])


def _mfcc(power: np.ndarray, rate_hz: int, settings: FeatureSettings) -> np.ndarray:
    """The first coefficients of an orthonormal DCT-II over the log-mel bands."""
    return librosa.feature.mfcc(S=_log_mel(power, rate_hz, settings), n_mfcc=settings.n_mfcc)


def _mfcc_statistics(power: np.ndarray, rate_hz: int, settings: FeatureSettings) -> np.ndarray:
    """Means over time, then deviations (divided by n)."""
    mfcc = _mfcc(power, rate_hz, settings)
    return np.concatenate([mfcc.mean(axis=1), mfcc.std(axis=1)])[:, None]


def _by_beat(
    features: np.ndarray, waveform: np.ndarray, rate_hz: int, hop_length: int
) -> tuple[np.ndarray, int]:
    """Median of (bands, steps) from each beat to the next, and the number of beats.

    What is before the first beat is a step too. Weak beats at the ends stay: with `trim=True`, librosa's default,
    a quiet beginning would be one long step.
    """
    _, beats = librosa.beat.beat_track(y=waveform, sr=rate_hz, hop_length=hop_length, trim=False)
    if not len(beats):
        return np.median(features, axis=1, keepdims=True), 0
    return librosa.util.sync(features, beats.tolist(), aggregate=np.median), len(beats)


FEATURES: dict[str, Callable[[np.ndarray, int, FeatureSettings], np.ndarray]] = {
    "mel": _log_mel,
    "chroma": _chroma,
    "fused": _fused,
    "mfcc": _mfcc,
    "mfcc_statistics": _mfcc_statistics,
}
"""(|STFT|^2 (bins, steps), rate in Hz, settings) -> (bands, steps)."""
