"""Our silence rule compared with pydub's on real files: identical ranges, and how many times faster.

python -m benchmarks.silence_vs_pydub --audio DIR [--limit N]
"""

import argparse
import time
from pathlib import Path

import numpy as np
from pydub import AudioSegment
from pydub.silence import split_on_silence

from preprocessing.errors import DecodeError
from preprocessing.settings import CleaningSettings, SilenceRule
from preprocessing.silence import sound_ranges_ms
from preprocessing.sound_files import FileSound
from preprocessing.stream import PcmStream

SETTINGS = CleaningSettings()
RULES = (
    *SETTINGS.curated,
    *SETTINGS.noisy,
    SilenceRule(threshold_dbfs=-35.0, min_silence_ms=100, keep_silence_ms=0),
    SilenceRule(threshold_dbfs=-30.0, min_silence_ms=50, keep_silence_ms=400),
)


class _SlicedSegment(AudioSegment):
    """Remembers the slices asked of it: `split_on_silence` returns audio, and we want its milliseconds."""

    slices: list[tuple[int, int]]

    def __getitem__(self, millisecond: slice) -> AudioSegment:
        if hasattr(self, "slices"):
            self.slices.append((millisecond.start, millisecond.stop))
        return super().__getitem__(millisecond)


def pydub_ranges_ms(pcm: np.ndarray, rate_hz: int, rule: SilenceRule) -> list[tuple[int, int]]:
    """The ranges that pydub's own `split_on_silence` cuts out of (frames,) int16."""
    segment = _SlicedSegment(pcm.tobytes(), frame_rate=rate_hz, sample_width=2, channels=1)
    segment.slices = []
    pieces = split_on_silence(segment, rule.min_silence_ms, rule.threshold_dbfs, rule.keep_silence_ms)
    return segment.slices[len(segment.slices) - len(pieces) :]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--audio", type=Path, required=True, help="folder of audio files, searched in depth")
    parser.add_argument("--limit", type=int, default=None, help="at most this many files")
    args = parser.parse_args()
    ours_s = pydub_s = audio_s = 0.0
    cases, different, files, cut = 0, [], 0, 0
    for path in sorted(p for p in args.audio.rglob("*") if p.is_file())[: args.limit]:
        try:
            pcm = np.concatenate([*PcmStream(FileSound(path), SETTINGS.rate_hz)])
        except DecodeError:
            continue
        files += 1
        audio_s += len(pcm) / SETTINGS.rate_hz
        for rule in RULES:
            start = time.perf_counter()
            ours = sound_ranges_ms(pcm, SETTINGS.rate_hz, rule)
            middle = time.perf_counter()
            theirs = pydub_ranges_ms(pcm, SETTINGS.rate_hz, rule)
            pydub_s += time.perf_counter() - middle
            ours_s += middle - start
            cases += 1
            cut += len(ours) != 1
            if ours != theirs:
                different.append((path.name, rule))
    print(f"{files} files, {audio_s:.0f} s of audio, {len(RULES)} rules, {cases} cases ({cut} with a cut)")
    print(f"different ranges: {len(different)}", *different[:5], sep="\n  ")
    per_s = 1000 / (audio_s * len(RULES))
    print(f"pydub {pydub_s * per_s:.2f} ms a second of audio, ours {ours_s * per_s:.4f}")
    print(f"times faster: {pydub_s / ours_s:.0f}")


if __name__ == "__main__":
    main()
