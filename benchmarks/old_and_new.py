"""Whether two checkouts give the same results to the last digit: the same commands in both, their outputs compared.

    python -m benchmarks.old_and_new --old OLD --new NEW --work DIR
    python -m benchmarks.old_and_new --old OLD --new NEW --work DIR --only demo tag
    python -m benchmarks.old_and_new ... --fsd-mini DIR --weights YAMNET.h5 --esc10 DIR

The scripts run as a user runs them, each in its own checkout, so that modules may move. `benchmarks/scenarios.py`
says what is run, `benchmarks/same_outputs.py` what is compared. Scenarios whose data is not given are skipped. What a
side has finished at a commit is not run again, so the same command resumes after Ctrl-C; it is at another commit, in a
checkout with changes that are not committed, and where `DIR/SIDE/SCENARIO` was removed. `--rename OLD_KEY=NEW_KEY`
gives a setting its new name on the new side. The exit code is 1 where anything differs or fails.
"""

import argparse
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.same_outputs import Item, compare_folders
from benchmarks.scenarios import SCENARIOS, Scenario, make_data, words_of

LOG, DONE = "run.log", ".done"  # of a scenario; neither is compared
DATA = ("fsd_mini", "esc10", "weights")


class FailedError(Exception):
    """A command that ended with another exit code than it should have."""


def main(argv: Sequence[str] | None = None) -> int:
    args = _arguments(argv)
    wanted = [each for each in SCENARIOS if not args.only or each.name in args.only]
    able = [each for each in wanted if all(getattr(args, key) for key in each.data)]
    make_data(args.work / "made")
    failed: dict[str, str] = {}
    for side, checkout in (("old", args.old), ("new", args.new)):
        for scenario in _with_needed(able, side):
            try:
                _run_scenario(scenario, side, checkout, args)
            except FailedError as error:
                failed[scenario.name] = f"{side} failed: {error}"
    rows = [_row(each, failed, args.work) if each in able else _skipped(each) for each in wanted]
    print(table([row for row in rows if row]))
    return int(bool(failed) or any(row and row[-1].startswith(("DIFFERS", "FAILED")) for row in rows))


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--old", type=_folder, required=True, help="checkout of the old code")
    parser.add_argument("--new", type=_folder, required=True, help="checkout of the new code")
    parser.add_argument("--work", type=_absolute, required=True, help="folder of all that is made")
    parser.add_argument("--only", nargs="+", choices=[each.name for each in SCENARIOS], metavar="NAME")
    parser.add_argument("--fsd-mini", type=_folder, help="made by benchmarks.make_fsd_mini")
    parser.add_argument("--esc10", type=_folder, help="a download of ESC-10, a folder a class")
    parser.add_argument("--weights", type=_absolute, help="weights of YAMNet")
    parser.add_argument("--jobs", type=int, default=2, help="cores (default: %(default)s)")
    parser.add_argument("--rename", nargs="+", default=[], metavar="OLD_KEY=NEW_KEY")
    return parser.parse_args(argv)


def _absolute(text: str) -> Path:
    return Path(text).absolute()


def _folder(text: str) -> Path:
    path = _absolute(text)
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"expected a folder, received {text}")
    return path


def _with_needed(wanted: Sequence[Scenario], side: str) -> list[Scenario]:
    """The scenarios of a side with those that they build on, in the order of the list."""
    by_name = {each.name: each for each in SCENARIOS}
    names = {each.name for each in wanted}
    while more := {need for name in names for need in _needs(by_name[name], side)} - names:
        names |= more
    if side == "new":
        names = {name for name in names if not by_name[name].only_old}
    return [each for each in SCENARIOS if each.name in names]


def _needs(scenario: Scenario, side: str) -> tuple[str, ...]:
    return (*scenario.after, *(scenario.of_old if side == "old" else ()))


def _run_scenario(scenario: Scenario, side: str, checkout: Path, args: argparse.Namespace) -> None:
    """All commands of a scenario, unless they are done."""
    out = args.work / side / scenario.name.replace(" ", "_")
    version = _version(checkout)
    if _is_done(out / DONE, version):
        return
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    given = {key: getattr(args, key) for key in (*DATA, "jobs")}
    folders = {"out": out, "side": args.work / side, "old": args.work / "old", "made": args.work / "made"}
    renamed = dict(pair.split("=", 1) for pair in args.rename) if side == "new" else {}
    for command in scenario.commands:
        words = [word.format(**folders, **given) for word in shlex.split(words_of(command))]
        print(f"{side} {scenario.name}: {shlex.join(words)}", flush=True)
        _step([_with_new_key(word, renamed) for word in words], checkout, out / LOG)
    (out / DONE).write_text(version)


def _version(checkout: Path) -> str:
    """The commit, with `-dirty` behind it where files were changed since; "" outside of git."""
    command = ["git", "-C", str(checkout), "describe", "--always", "--dirty", "--exclude=*", "--abbrev=40"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603


def _is_done(marker: Path, version: str) -> bool:
    return marker.is_file() and marker.read_text() == version and not version.endswith("-dirty")


def _with_new_key(word: str, renamed: Mapping[str, str]) -> str:
    key, mark, value = word.partition("=")
    return f"{renamed[key]}={value}" if mark and key in renamed else word


def _step(words: list[str], checkout: Path, log: Path) -> None:
    if words[0] == "copy":
        shutil.copytree(words[1], words[2])
    elif words[0] == "cut":
        _cut(Path(words[1]), int(words[2]), words[3:], checkout, log)
    elif code := _started(words, checkout, log).wait():
        raise FailedError(f"exit code {code}, see {log}")


def _started(words: list[str], checkout: Path, log: Path) -> subprocess.Popen:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    with log.open("ab") as file:
        return subprocess.Popen(  # noqa: S603  the project's own scripts
            [sys.executable, *words],
            cwd=checkout,
            stdout=file,
            stderr=subprocess.STDOUT,
            env={**environment, "PYTHONDONTWRITEBYTECODE": "1"},
        )


def _cut(file: Path, lines: int, words: list[str], checkout: Path, log: Path) -> None:
    """Run a script until a file has so many lines, then end it as Ctrl-C does."""
    process = _started(words, checkout, log)
    while process.poll() is None and not (file.is_file() and file.read_bytes().count(b"\n") >= lines):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    if (code := process.wait()) != 130:
        raise FailedError(f"expected it to be cut short, received exit code {code}, see {log}")


def _row(scenario: Scenario, failed: Mapping[str, str], work: Path) -> tuple[str, ...] | None:
    if scenario.only_old:
        return None
    broken = [failed[name] for name in (*scenario.after, *scenario.of_old, scenario.name) if name in failed]
    if broken:
        return (scenario.name, "", "", f"FAILED: {broken[0]}")
    folder = scenario.name.replace(" ", "_")
    return row(scenario.name, compare_folders(work / "old" / folder, work / "new" / folder))


def row(name: str, items: Sequence[Item]) -> tuple[str, ...]:
    """The line of a scenario: how many files, how many of them are equal, and the worst of the others."""
    unequal = [item for item in items if not item.is_equal]
    count = (name, str(len(items)), str(len(items) - len(unequal)))
    if not items:
        return (*count, "FAILED: nothing to compare")
    if not unequal:
        return (*count, "equal")
    worst = max(unequal, key=lambda item: item.difference)
    return (*count, f"DIFFERS: {worst.difference:.3g} in {worst.name} ({worst.what})")


def _skipped(scenario: Scenario) -> tuple[str, ...]:
    options = ", ".join("--" + key.replace("_", "-") for key in scenario.data)
    return (scenario.name, "", "", f"skipped: needs {options}")


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """Aligned columns."""
    lines = [("scenario", "files", "equal", "result"), *rows]
    return "\n".join(f"{name:<17} {files:>6} {equal:>6}  {result}" for name, files, equal, result in lines)


if __name__ == "__main__":
    sys.exit(main())
