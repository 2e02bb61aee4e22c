"""Kills commands, runs them again, and compares what is there with an undisturbed run.

    python -m benchmarks.kill_campaign --work DIR --operations 40 --moments 40 --pairs 1

Made data (`make_demo`), a small network, one command after the other: preprocess.py, train.py for both stages,
predict.py, tag. Each case starts from the state before its command:

- `operation N`: killed (SIGKILL) before its Nth file operation, spread evenly over all of them;
- `moment S`: the command and its workers killed after S seconds, drawn at random up to its full length;
- `pair`: two of the same command at once; one may say that the other is at work.

Then the same command runs again. It passes if all files have the names and contents of the undisturbed run (times and
logs left out), so that nothing is lost, left over or different. `DIR/cases.csv` keeps the results; cases that are in
it are not run again. The exit code is 1 if one fails.
"""

import argparse
import csv
import os
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.same_outputs import compare_folders
from tagging.datasets.layouts.demo import make_demo

ROOT = Path(__file__).resolve().parent.parent
_SETTINGS = "--config configs/demo.yaml dataset.root={now}/raw clean_dir={now}/clean run_dir={now}/runs train.epochs=2"
COMMANDS = {
    "preprocess": f"preprocess.py --jobs {{jobs}} {_SETTINGS}",
    "noisy": f"train.py --jobs 2 --stage noisy {_SETTINGS}",
    "curated": f"train.py --jobs 2 --stage curated {_SETTINGS}",
    "predict": f"predict.py --jobs 2 --out {{now}}/submission.csv {_SETTINGS}",
    "tag": "-m tagging tag {now}/raw/test --jobs 2 --run {now}/runs/curated --format csv --out {now}/tags.csv",
}
_LOGS = re.compile(r"events\.out\.tfevents\..*|.*\.lock")


class Case(NamedTuple):
    """A command, what happens to it, and how it ended: `whole`, or what is wrong."""

    command: str
    how: str
    outcome: str = ""


class Campaign:
    """The states before and after each command, and what is done between them.

    Args:
        work: folder of all that is made.
    """

    def __init__(self, work: Path) -> None:
        self.work, self.now = work, work / "now"
        self.operations: dict[str, int] = {}
        self.seconds: dict[str, float] = {}

    def prepare(self, commands: Sequence[str]) -> None:
        """Run all commands undisturbed, up to the last of those wanted; keeps each state."""
        shutil.rmtree(self.now, ignore_errors=True)
        make_demo(self.now / "raw", n_curated=36, n_noisy=40, n_test=12, seed=3)
        for name in list(COMMANDS)[: 1 + max(list(COMMANDS).index(each) for each in commands)]:
            self._keep("before", name)
            begun = time.monotonic()
            done = self._run_killed_at(name, 0)
            self.seconds[name] = time.monotonic() - begun
            if done.returncode:
                raise SystemExit(f"{name} failed without a kill:\n{done.stderr}")
            self.operations[name] = int((self.work / "count").read_text())
            self._keep("after", name)

    def run(self, case: Case) -> Case:
        """Disturb a command, run it again, and compare."""
        shutil.rmtree(self.now, ignore_errors=True)
        shutil.copytree(self.work / "before" / case.command, self.now)
        kind, _, value = case.how.partition(" ")
        if kind == "operation":
            self._run_killed_at(case.command, int(value))
        elif kind == "moment":
            self._run_killed_after(case.command, float(value))
        elif wrong := self._run_two(case.command):
            return case._replace(outcome=wrong)
        again = subprocess.run(self._words(case.command, jobs=2), cwd=ROOT, capture_output=True, text=True)  # noqa: S603, PLW1510
        if again.returncode:
            return case._replace(outcome=f"exit code {again.returncode}: {again.stderr[-300:]}")
        return case._replace(outcome=self._compared(case.command))

    def _words(self, name: str, jobs: int) -> list[str]:
        return [sys.executable, *shlex.split(COMMANDS[name].format(now=self.now, jobs=jobs))]

    def _run_killed_at(self, name: str, number: int) -> subprocess.CompletedProcess:
        """One process, so that all its operations are counted."""
        python, *words = self._words(name, jobs=1)
        killed_at = [
            python,
            "-m",
            "benchmarks.killed_at",
            str(number),
            str(self.now),
            str(self.work / "count"),
        ]
        return subprocess.run([*killed_at, *words], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603

    def _run_killed_after(self, name: str, seconds: float) -> None:
        process = self._start(name)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()

    def _run_two(self, name: str) -> str:
        """What is wrong with two at once; nothing: each did its work or said that the other does."""
        both = [self._start(name), self._start(name)]
        for process in both:
            _, errors = process.communicate()
            if process.returncode and "another process is" not in errors:
                return f"exit code {process.returncode}: {errors[-300:]}"
        return ""

    def _start(self, name: str) -> subprocess.Popen:
        words, nothing, errors = self._words(name, jobs=2), subprocess.DEVNULL, subprocess.PIPE
        return subprocess.Popen(  # noqa: S603
            words, cwd=ROOT, start_new_session=True, stdout=nothing, stderr=errors, text=True
        )

    def _keep(self, when: str, name: str) -> None:
        place = self.work / when / name
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(self.now, place)

    def _compared(self, name: str) -> str:
        after = self.work / "after" / name
        if odd := sorted(_names(after) ^ _names(self.now)):
            return f"left over or lost: {', '.join(odd[:5])}"
        items = [item for item in compare_folders(after, self.now) if not item.is_equal]
        return "whole" if not items else f"differs: {items[0].name} ({items[0].what})"


def _names(folder: Path) -> set[str]:
    files = (path for path in folder.rglob("*") if not _LOGS.fullmatch(path.name))
    return {str(path.relative_to(folder)) for path in files}


def cases(campaign: Campaign, args: argparse.Namespace) -> Iterator[Case]:
    """What is tried: operations in proportion to how many each command has, moments in proportion to its time."""
    total, draw = sum(campaign.operations[c] for c in args.only), random.Random(args.seed)  # noqa: S311
    wanted = range(args.operations)
    steps = [(command, n) for command in args.only for n in range(1, campaign.operations[command] + 1)]
    for k in wanted:
        command, number = steps[k * total // args.operations]
        yield Case(command, f"operation {number}")
    seconds = [campaign.seconds[command] for command in args.only]
    for _ in range(args.moments):
        command = draw.choices(args.only, seconds)[0]
        yield Case(command, f"moment {draw.uniform(0, campaign.seconds[command]):.2f}")
    for number in range(args.pairs):
        yield from (Case(command, f"pair {number + 1}") for command in args.only)


def main(argv: Sequence[str] | None = None) -> int:
    args = _arguments(argv)
    campaign, journal = Campaign(args.work), args.work / "cases.csv"
    args.work.mkdir(parents=True, exist_ok=True)
    campaign.prepare(args.only)
    rows = list(csv.reader(journal.open(encoding="utf-8"))) if journal.is_file() else []
    known = {(command, how): Case(command, how, outcome) for command, how, outcome in rows}
    done = []
    for case in cases(campaign, args):
        result = known.get((case.command, case.how)) or campaign.run(case)
        if (case.command, case.how) not in known:
            with journal.open("a", newline="", encoding="utf-8") as file:
                csv.writer(file).writerow(result)
        print(f"{result.command:>10}  {result.how:<16} {result.outcome}", flush=True)
        done.append(result)
    bad = [case for case in done if case.outcome != "whole"]
    print(f"{len(done)} cases, {len(bad)} not whole")
    return int(bool(bad))


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=lambda text: Path(text).absolute(), required=True)
    parser.add_argument("--operations", type=int, default=40, help="kills before a file operation")
    parser.add_argument("--moments", type=int, default=40, help="kills at random moments")
    parser.add_argument("--pairs", type=int, default=1, help="how often two of each command run at once")
    parser.add_argument(
        "--only", nargs="+", choices=list(COMMANDS), default=list(COMMANDS), metavar="COMMAND"
    )
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
