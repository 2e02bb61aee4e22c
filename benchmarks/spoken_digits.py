"""Spoken digits as a set of one's own: short clips with one label, and voices to test on that were never heard.

    python -m benchmarks.spoken_digits data/digits

Needs espeak-ng. Each voice is an accent of English with a variant of the speaker; it says each digit at several rates
and pitches, drawn by the seed. Test voices have neither an accent nor a variant of the training voices. Writes one
folder per digit with `VOICE-RATE-PITCH.wav`, and `train.txt` and `test.txt` for `dataset.lists`.
"""

import argparse
import random
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import NamedTuple

from foundation.errors import UserError
from foundation.files import write_atomic
from tagging import cli
from tagging.cli import running

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
VOICES = {
    "train": (
        ("en-gb", "en-us", "en-gb-scotland", "en-gb-x-rp"),
        ("m1", "m3", "m4", "m7", "f1", "f2", "f4"),
    ),
    "test": (("en-gb-x-gbclan", "en-029"), ("m2", "m5", "f3", "f5")),
}
RATES_WPM = (110, 230)
PITCHES = (20, 80)  # of 0 to 99


class SpeechError(UserError):
    """Digits that cannot be spoken; the message is one line for the user."""


class Utterance(NamedTuple):
    """What is said, and how: words per minute, pitch from 0 to 99."""

    digit: str
    voice: str
    rate_wpm: int
    pitch: int

    @property
    def name(self) -> str:
        """Relative to the folder of the set."""
        return f"{self.digit}/{self.voice.replace('+', '_')}-{self.rate_wpm}-{self.pitch}.wav"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="that does not exist yet")
    parser.add_argument(
        "--takes", type=cli.positive, default=3, help="per voice and digit (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0)
    return running.run(_make, parser, None, interrupted="remove the folder and start again")


def utterances(part: str, takes: int, rng: random.Random) -> Iterator[Utterance]:
    """All of `train` or `test`."""
    for accent, variant, digit in product(*VOICES[part], DIGITS):
        for _ in range(takes):
            yield Utterance(digit, f"{accent}+{variant}", rng.randint(*RATES_WPM), rng.randint(*PITCHES))


def _make(args: argparse.Namespace) -> int:
    try:
        args.folder.mkdir(parents=True)
    except FileExistsError as error:
        raise SpeechError(f"expected a new folder, received {args.folder}, which exists") from error
    for digit in DIGITS:
        (args.folder / digit).mkdir()
    rng = random.Random(args.seed)  # noqa: S311
    for part in VOICES:
        said = list(dict.fromkeys(utterances(part, args.takes, rng)))
        with ThreadPoolExecutor(cli.available_cores()) as pool:
            list(pool.map(lambda utterance: _speak(utterance, args.folder), said))
        lines = "".join(f"{utterance.name}\n" for utterance in said)
        write_atomic(args.folder / f"{part}.txt", lines.encode())
        print(f"{part}: {len(said)} clips, {len({utterance.voice for utterance in said})} voices")
    return 0


def _speak(utterance: Utterance, folder: Path) -> None:
    how = ["-v", utterance.voice, "-s", str(utterance.rate_wpm), "-p", str(utterance.pitch)]
    try:
        subprocess.run(  # noqa: S603
            ["espeak-ng", *how, "-w", str(folder / utterance.name), utterance.digit],  # noqa: S607
            check=True,
        )
    except FileNotFoundError as error:
        raise SpeechError(
            "expected espeak-ng on the PATH: install it (Debian: apt install espeak-ng)"
        ) from error


if __name__ == "__main__":
    raise SystemExit(main())
