"""Whether the tests catch faults: plants one after the other in a copy of the code, and runs the tests on it.

    python -m benchmarks.planted_faults --journal faults.csv
    python -m benchmarks.planted_faults --journal faults.csv --nearest-only --only "cosine an epoch ahead"
    python -m benchmarks.planted_faults --check          # only says which faults are found in the code

`benchmarks/faults.yaml` lists the faults: a line is found by its text, anywhere outside of tests and benchmarks, so
that files may move. The nearest test files run first and end at the first failure; a fault that they let pass is tried
on the whole suite (without lint and types, which see no numbers), unless --nearest-only says otherwise. Before all
others the nearest files run on the code as it is and have to pass. The journal keeps what is known, so that the same
command goes on after Ctrl-C; a fault that was changed since is tried again. The exit code is 1 unless all are caught.
"""

import argparse
import csv
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.faults import Fault, FaultError, nearest_tests, places, planted, read_faults

FAULTS = Path(__file__).with_name("faults.yaml")
CAUGHT, SURVIVED, NOT_FOUND, BROKEN = "caught", "survived", "not found", "broken"
NEAREST, WHOLE, NONE = "nearest", "whole suite", "(no fault)"
_NOT_JUDGING = ("test_checks.py", "test_planted_faults.py")  # lint, types and this list see no numbers
_TIMEOUT_S = 900


class Row(NamedTuple):
    """What is known of a fault, a row of the journal; `first` is the test that caught it, `seconds` of all tests."""

    name: str
    result: str
    tests: str
    first: str
    seconds: str
    change: str


def main(argv: Sequence[str] | None = None) -> int:
    args = _arguments(argv)
    faults = [each for each in read_faults(FAULTS) if not args.only or each.name in args.only]
    if args.check:
        lost = [each.name for each in faults if len(places(args.checkout, each)) != 1]
        print("\n".join(f"{NOT_FOUND}: {name}" for name in lost) or f"all {len(faults)} found")
        return int(bool(lost))
    with tempfile.TemporaryDirectory(prefix="planted-") as folder:
        copy = _copied(args.checkout, Path(folder) / "code")
        if not args.only and not _passes_without(copy, faults, args.journal):
            return 1
        for fault in faults:
            if not _is_known(read_journal(args.journal).get(fault.name), fault, args.nearest_only):
                row = _try(fault, copy, args.nearest_only)
                _append(args.journal, row)
                print(f"{row.result:>9}  {row.name}  ({row.seconds} s)  {row.first}", flush=True)
    return _closing(faults, read_journal(args.journal))


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--checkout", type=Path, default=Path.cwd(), help="the code (default: here); only read"
    )
    parser.add_argument("--journal", type=Path, default=Path("planted_faults.csv"))
    parser.add_argument("--only", nargs="+", metavar="NAME", help="faults to try (default: all)")
    parser.add_argument("--nearest-only", action="store_true", help="no whole suite for survivors")
    parser.add_argument("--check", action="store_true", help="run no tests")
    return parser.parse_args(argv)


def _copied(checkout: Path, copy: Path) -> Path:
    """Code and tests, without what is made or hidden; links in `.ci` and the like are not needed."""
    ignored = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "data", "runs", "node_modules")
    return shutil.copytree(checkout, copy, ignore=ignored)


def _passes_without(copy: Path, faults: Sequence[Fault], journal: Path) -> bool:
    """Whether the nearest files of all faults pass on the code as it is."""
    known = read_journal(journal).get(NONE)
    files = list(dict.fromkeys(file for fault in faults for file in nearest_tests(copy, fault)))
    if known and known.result == SURVIVED and known.change == " ".join(files):
        return True
    result, first, seconds = _run_tests(copy, files)
    _append(journal, Row(NONE, result, NEAREST, first, f"{seconds:.0f}", " ".join(files)))
    print(f"{NONE}: {len(files)} test files, {seconds:.0f} s: {'passed' if result == SURVIVED else first}")
    return result == SURVIVED


def _is_known(row: Row | None, fault: Fault, nearest_only: bool) -> bool:
    if row is None or row.change != fault.change or row.result not in (CAUGHT, SURVIVED):
        return False
    return row.result == CAUGHT or row.tests == WHOLE or nearest_only


def _try(fault: Fault, copy: Path, nearest_only: bool) -> Row:
    tests, whole = nearest_tests(copy, fault), [f"--ignore-glob=*/{name}" for name in _NOT_JUDGING]
    start, which, first = time.monotonic(), NEAREST, ""
    try:
        with planted(copy, fault):
            result, first, _ = _run_tests(copy, tests) if tests else (SURVIVED, "no such test file", 0.0)
            if result == SURVIVED and not nearest_only:
                which, (result, first, _) = WHOLE, _run_tests(copy, whole)
    except FaultError as error:
        result, first = NOT_FOUND, str(error)
    return Row(fault.name, result, which, first, f"{time.monotonic() - start:.0f}", fault.change)


def _run_tests(copy: Path, arguments: Sequence[str]) -> tuple[str, str, float]:
    """(what became of the fault, the first test that failed, seconds)."""
    command = [sys.executable, "-m", "pytest", "-p", "no:xdist", "-p", "no:cacheprovider", "-x", "-q"]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    start = time.monotonic()
    try:
        done = subprocess.run(  # noqa: S603  our own tests
            [*command, *arguments],
            cwd=copy,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
            env=environment,
        )
    except subprocess.TimeoutExpired:
        return CAUGHT, "no end in time", time.monotonic() - start
    return *_verdict(done.returncode, done.stdout + done.stderr), time.monotonic() - start


def _verdict(code: int, output: str) -> tuple[str, str]:
    """A failed test catches a fault; code that cannot even be imported was no honest one."""
    failed = re.search(r"^(?:FAILED|ERROR) (\S+)", output, re.MULTILINE)
    first = failed[1] if failed else " ".join(output.split())[-200:]
    return {0: (SURVIVED, ""), 1: (CAUGHT, first)}.get(code, (BROKEN, first))


def read_journal(path: Path) -> dict[str, Row]:
    """The last row of each fault; empty without a journal."""
    if not path.is_file():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        return {row[0]: Row(*row) for row in csv.reader(file) if len(row) == len(Row._fields)}


def _append(path: Path, row: Row) -> None:
    is_new = not path.is_file()
    with path.open("a", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([Row._fields, row] if is_new else [row])


def _closing(faults: Sequence[Fault], known: dict[str, Row]) -> int:
    caught = [fault for fault in faults if fault.name in known and known[fault.name].result == CAUGHT]
    for fault in faults:
        if fault not in caught:
            print(f"{known[fault.name].result if fault.name in known else 'not tried'}: {fault.name}")
    print(f"caught {len(caught)} of {len(faults)}")
    return int(len(caught) < len(faults))


if __name__ == "__main__":
    sys.exit(main())
