"""Clients that post clips to `python -m tagging serve` on this machine, and whether each gets the tagger's own answer.

    python -m benchmarks.serve_load runs/demo/curated --clients 8 --seconds 60

The service is started on a free port of 127.0.0.1. Each client posts made-up clips of 1 to 10 s, as WAV, FLAC and Ogg,
one after the other. Every answer must have status 200 and the scores that `Tagger` gives in this process, to the last
bit. Prints requests and seconds of audio in a second, latencies, and the memory of the service (RSS) over the time.
Clients take some of the CPU, too. Exit code 1: answers were lost or differ.
"""

import argparse
import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import soundfile as sf

from tagging import Tagger, cli
from tagging.cli import backend, running

MOST_CLIENTS, MOST_S = 64, 600
LENGTHS_S = (1.0, 2.5, 4.0, 10.0)
FORMATS = ("WAV", "FLAC", "OGG")
RATE_HZ = 44_100
SAMPLES = 6  # of the memory
TICK_S = 0.1
TIMEOUT_S = 60.0

Scores = list[tuple[str, float]]
"""Labels with their scores, the highest first."""


@dataclass(frozen=True)
class Clip:
    """An upload, and the answer that is expected."""

    data: bytes
    seconds: float
    scores: Scores


@dataclass
class Outcome:
    """What the clients have seen.

    Attributes:
        latencies_s: of each request that was answered.
        audio_s: seconds of audio in them.
        statuses: how often each; where there was no answer, the error.
        wrong: answers with other scores.
        pause_s: the longest time in which this process did not run, on a machine that is busy or halted.
    """

    latencies_s: list[float] = field(default_factory=list)
    audio_s: float = 0.0
    statuses: Counter[int | str] = field(default_factory=Counter)
    wrong: int = 0
    pause_s: float = 0.0

    def add(self, clip: Clip, seconds: float, status: int | str, body: bytes) -> None:
        self.latencies_s.append(seconds)
        self.audio_s += clip.seconds
        self.statuses[status] += 1
        self.wrong += status == 200 and scores_of(body) != clip.scores

    @property
    def is_good(self) -> bool:
        return set(self.statuses) == {200} and not self.wrong


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="+", help="run folders, or audioset")
    parser.add_argument("--weights", default="audioset", help="of the published network")
    parser.add_argument("--clients", type=cli.positive, default=8, help="default: %(default)s")
    parser.add_argument("--seconds", type=cli.above_zero, default=60.0, help="default: %(default)g")
    parser.add_argument("--jobs", type=cli.positive, default=cli.available_cores(), help="default: all cores")
    return running.run(measure, parser, None, interrupted=running.NOTHING_LOST)


def measure(args: argparse.Namespace) -> int:
    clients, seconds = min(args.clients, MOST_CLIENTS), min(args.seconds, MOST_S)
    backend.quiet_tensorflow(args.jobs, calls_apart=True)
    with tempfile.TemporaryDirectory() as folder:
        clips = make_clips(Path(folder), Tagger.load(*args.runs, weights=args.weights))
    print(f"load average before: {os.getloadavg()[0]:.1f}")
    weights = [] if args.weights == "audioset" else ["--weights", args.weights]
    with served([*args.runs, *weights, "--jobs", str(args.jobs)]) as (url, pid):
        outcome, memory = load(url, pid, clips, clients, seconds)
    show(outcome, memory, seconds)
    print(f"load average after: {os.getloadavg()[0]:.1f}")
    return 0 if outcome.is_good else 1


def make_clips(folder: Path, tagger: Tagger) -> list[Clip]:
    """One of each length and format: a tone that moves, with noise."""
    rng, clips = np.random.default_rng(0), []
    for seconds in LENGTHS_S:
        for form in FORMATS:
            time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
            tone = 0.3 * np.sin(2 * np.pi * (200 + 300 * rng.random() * time_s) * time_s)
            path = folder / f"clip.{form.lower()}"
            sf.write(path, tone + rng.normal(0, 0.03, len(time_s)), RATE_HZ, format=form)
            clips.append(Clip(path.read_bytes(), seconds, tagger(path).top()))
    return clips


def scores_of(body: bytes) -> Scores:
    (record,) = json.loads(body)
    return [(tag["label"], tag["score"]) for tag in record["tags"]]


@contextmanager
def served(arguments: Sequence[str]) -> Iterator[tuple[str, int]]:
    """The address of a service, and its process."""
    command = [sys.executable, "-m", "tagging", "serve", *arguments, "--port", "0", "--quiet"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None  # noqa: S101  for the type checker
        try:
            yield process.stdout.readline().split()[0], process.pid
        finally:
            process.terminate()


def load(
    url: str, pid: int, clips: Sequence[Clip], clients: int, seconds: float
) -> tuple[Outcome, list[float]]:
    """What the clients have seen, and MB of memory of the process over the time."""
    outcome, lock, numbers = Outcome(), threading.Lock(), count()
    end = time.monotonic() + seconds

    def client() -> None:
        while time.monotonic() < end:
            with lock:
                clip = clips[next(numbers) % len(clips)]
            found = post(url, clip)
            with lock:
                outcome.add(clip, *found)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    memory, last = [memory_mb(pid)], time.monotonic()
    while any(thread.is_alive() for thread in threads):
        time.sleep(TICK_S)
        outcome.pause_s = max(outcome.pause_s, time.monotonic() - last - TICK_S)
        last = time.monotonic()
        if last > end - seconds * (1 - len(memory) / SAMPLES):
            memory.append(memory_mb(pid))
    return outcome, memory


def post(url: str, clip: Clip) -> tuple[float, int | str, bytes]:
    """Seconds, status and body; in place of the status an error where no answer comes."""
    status: int | str
    begin = time.monotonic()
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT_S)
    try:
        connection.request("POST", "/tag", clip.data)
        response = connection.getresponse()
        status, body = response.status, response.read()
    except (OSError, http.client.HTTPException) as error:
        status, body = repr(error), b""
    finally:
        connection.close()
    return time.monotonic() - begin, status, body


def memory_mb(pid: int) -> float:
    """Resident memory of a process (Linux)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def show(outcome: Outcome, memory: Sequence[float], seconds: float) -> None:
    number = len(outcome.latencies_s)
    print(
        f"requests: {number}, {number / seconds:.1f} per second; audio: {outcome.audio_s / seconds:.0f} s per second"
    )
    print("statuses:", dict(outcome.statuses), f"answers that differ: {outcome.wrong}")
    marks = np.percentile(outcome.latencies_s, [50, 95, 99, 100]) * 1000
    print("latency in ms, median, 95 %, 99 %, largest:", *(f"{mark:.0f}" for mark in marks))
    print(f"longest pause of the clients' process: {outcome.pause_s:.1f} s")
    print("memory in MB over the time:", *(f"{each:.0f}" for each in memory))


if __name__ == "__main__":
    sys.exit(main())
