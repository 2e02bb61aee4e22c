"""Whether the tests catch faults: plants one after the other in a copy of the code, and runs the tests on it.

    python -m benchmarks.planted_faults --journal faults.csv
    python -m benchmarks.planted_faults --journal faults.csv --nearest-only --only "cosine an epoch ahead"
    python -m benchmarks.planted_faults --check          # only says which faults are found in the code

`benchmarks/faults.yaml` lists the faults: a line is found by its text, anywhere outside of tests and benchmarks, so
that files may move. The nearest test files run first and end at the first failure; a fault that they let pass is tried
on the whole suite (without lint and types, which see no numbers), unless --nearest-only says otherwise. In the end the
tests that caught faults run on the code as it is, where they have to pass. The journal keeps what is known, so that the
same command resumes after Ctrl-C. It retries faults that have changed since, and those that the nearest files let pass;
for one that the whole suite let pass, remove its row. The exit code is 1 unless all are caught.
"""

import argparse
import csv
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.faults import Fault, FaultError, nearest_tests, places, planted, read_faults
from benchmarks.forked_tests import NO_END, run_pytest

FAULTS = Path(__file__).with_name("faults.yaml")
CAUGHT, SURVIVED, NOT_FOUND, BROKEN = "caught", "survived", "not found", "broken"
WHOLE, NONE = "whole suite", "(no fault)"
_NOT_JUDGING = ("test_checks.py", "test_planted_faults.py")  # lint, types and this list see no numbers
_TIMEOUT_S = 900


class Row(NamedTuple):
    """What is known of a fault, a row of the journal.

    Attributes:
        tests: the last that ran: the fault's own, or all.
        first: the test that caught it.
        seconds: of all tests.
    """

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
        for fault in faults:
            if not _is_known(read_journal(args.journal).get(fault.name), fault):
                row = _try(fault, copy, args.nearest_only)
                _append(args.journal, row)
                print(f"{row.result:>9}  {row.name}  ({row.seconds} s)  {row.first}", flush=True)
        known = read_journal(args.journal)
        passes = _passes_without(
            copy, [known[each.name] for each in faults if each.name in known], args.journal
        )
    return max(_closing(faults, known), int(not passes))


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
    anywhere = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info")

    def ignored(folder: str, names: list[str]) -> set[str]:
        is_top = Path(folder) == checkout
        return anywhere(folder, names) | ({"data", "runs"} & set(names) if is_top else set())

    return shutil.copytree(checkout, copy, ignore=ignored)


def _is_known(row: Row | None, fault: Fault) -> bool:
    if row is None or row.change != fault.change:
        return False
    return row.result == CAUGHT or (row.result == SURVIVED and row.tests == WHOLE)


def _try(fault: Fault, copy: Path, nearest_only: bool) -> Row:
    tests, whole = nearest_tests(copy, fault), [f"--ignore-glob=*/{name}" for name in _NOT_JUDGING]
    start, which, first = time.monotonic(), " ".join(fault.tests), ""
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
    start = time.monotonic()
    code, output = run_pytest(copy, arguments, _TIMEOUT_S)
    return *_verdict(code, output), time.monotonic() - start


def _verdict(code: int, output: str) -> tuple[str, str]:
    """A failed test catches a fault; code that cannot even be imported was no honest one."""
    failed = re.search(r"^(?:FAILED|ERROR) ([^\s\[]+)", output, re.MULTILINE)  # without parameters
    first = failed[1] if failed else " ".join(output.split())[-200:]
    return {0: (SURVIVED, ""), 1: (CAUGHT, first), NO_END: (CAUGHT, "no end in time")}.get(
        code, (BROKEN, first)
    )


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


def _passes_without(copy: Path, rows: Sequence[Row], journal: Path) -> bool:
    """Whether the tests that caught faults pass on the code as it is; what fails anyway has caught nothing."""
    tests = sorted({row.first for row in rows if row.result == CAUGHT and "::" in row.first})
    known, change = read_journal(journal).get(NONE), " ".join(tests)
    if not tests or (known and known.result == SURVIVED and known.change == change):
        return True
    result, first, seconds = _run_tests(copy, tests)
    _append(journal, Row(NONE, result, "", first, f"{seconds:.0f}", change))
    passed = "pass" if result == SURVIVED else f"do not pass: {first}"
    print(f"without a fault the {len(tests)} tests that caught one {passed} ({seconds:.0f} s)")
    return result == SURVIVED


def _closing(faults: Sequence[Fault], known: dict[str, Row]) -> int:
    caught = [fault for fault in faults if fault.name in known and known[fault.name].result == CAUGHT]
    for fault in faults:
        if fault not in caught:
            print(f"{known[fault.name].result if fault.name in known else 'not tried'}: {fault.name}")
    print(f"caught {len(caught)} of {len(faults)}")
    return int(len(caught) < len(faults))


if __name__ == "__main__":
    sys.exit(main())
