"""Made-up recordings: bursts of noise with pauses, so that there is silence to remove."""

from pathlib import Path

import numpy as np
import soundfile as sf

RATE_HZ = 44_100
CLIP_S = 5.0
_BURST_S, _PAUSE_S = 1.4, 1.1


def write_sounds(folder: Path, n_clips: int) -> list[Path]:
    """16-bit mono WAVs of 5 s at 44.1 kHz; the same ones each time."""
    rng, paths = np.random.default_rng(0), []
    is_burst = np.arange(round(CLIP_S * RATE_HZ)) / RATE_HZ % (_BURST_S + _PAUSE_S) < _BURST_S
    for number in range(n_clips):
        paths.append(folder / f"{number:04}.wav")
        sf.write(paths[-1], 0.1 * rng.normal(size=len(is_burst)).clip(-5, 5) * is_burst, RATE_HZ)
    return paths
