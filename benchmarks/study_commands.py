"""Runs every command of the studies' pages on small data sets, one epoch per stage and two trials per sweep.

    python -m benchmarks.study_commands                          # all five, half an hour on two cores
    python -m benchmarks.study_commands --only gtzan genre4      # pages of docs/studies

The commands run from top to bottom in one process, in a folder with copies of `configs/` that train one epoch from
random weights; a command that stands in several rows runs once. One row per command: ok or failed, seconds, command.
What they print is in `PAGE.log` in the folder. The exit code is 1 if any failed. One command of `gtzan` needs wandb.
"""

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple

from tagging.cli import backend

ROOT = Path(__file__).parents[1]
INDEX = ROOT / "docs" / "studies.md"
PAGES = sorted((ROOT / "docs" / "studies").glob("*.md"))
HEADER = ["item", "command", "published", "ours"]
_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PRINTED = 'python() { printf "%s\\n" "$@" ""; }'  # one argument per line, then an empty line
_SHORTER = (
    (r"\bepochs: (\{value: )?\d+", r"epochs: \g<1>1"),
    (r"\bweights: (imagenet|audioset)\b", "weights: none"),
)


class Row(NamedTuple):
    """A row of a study's table; `words` are the command's, after `python`."""

    item: str
    command: str
    published: str
    ours: str
    words: tuple[str, ...]


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--only", nargs="+", choices=[page.stem for page in PAGES], help="pages (default: all)"
    )
    parser.add_argument("--work", type=Path, help="folder for data and runs (default: a temporary one)")
    args = parser.parse_args(argv)
    pages = [page for page in PAGES if not args.only or page.stem in args.only]
    os.environ.setdefault("WANDB_MODE", "offline")
    with tempfile.TemporaryDirectory(prefix="studies-") as temporary:
        work = (args.work or Path(temporary)).resolve()
        prepare(work)
        codes = [run(words, work, page.stem) for page in pages for words in commands(page)]
    print(f"{len(codes)} commands, {sum(map(bool, codes))} failed")
    return int(any(codes))


def read_rows(page: Path) -> list[Row]:
    """The rows of a page's tables; a shell expands their commands, after the functions and the page's first block.

    Raises:
        ValueError: a row without a command, or a command that does not call Python once.
    """
    text = page.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    rows = [row for row in rows if row != HEADER and set(row[0]) != {"-"}]
    for item, command, *_ in rows:
        if not re.fullmatch(r"`[^`]+`", command):
            raise ValueError(
                f"{page}: expected a command in backticks in each row, received none for {item!r}"
            )
    blocks = [*_BLOCK.findall(INDEX.read_text(encoding="utf-8")), *_BLOCK.findall(text)[:1]]
    words = _expanded(blocks, [command.strip("`") for _, command, *_ in rows])
    if len(words) != len(rows):
        raise ValueError(f"{page}: expected one call of Python per row ({len(rows)}), received {len(words)}")
    pairs = zip(rows, words, strict=True)
    return [Row(item, line.strip("`"), known, ours, found) for (item, line, known, ours), found in pairs]


def commands(page: Path) -> Iterator[tuple[str, ...]]:
    """Each command of a page once, in order."""
    return iter(dict.fromkeys(row.words for row in read_rows(page)))


def prepare(work: Path) -> None:
    """Small data sets in `work`, and configs and sweeps that train one epoch and download nothing."""
    from tests.study_trees import make_study_trees  # noqa: PLC0415

    if not (work / "data").exists():
        make_study_trees(work)
    shutil.copytree(ROOT / "configs", work / "configs", dirs_exist_ok=True)
    for path in (work / "configs").rglob("*.yaml"):
        path.write_text(_shorter(path.read_text(encoding="utf-8")), encoding="utf-8")


def run(words: Sequence[str], work: Path, name: str) -> int:
    """Run one command in this process, print its row, and return its exit code; an exception counts as 1."""
    with backend.without_notices():
        import keras  # noqa: PLC0415

    start, log = time.monotonic(), work / f"{name}.log"
    with chdir(work), log.open("a") as output, redirect_stdout(output), redirect_stderr(output):
        print("\n$", shlex.join(words), flush=True)
        try:
            code = call(shortened(words))
        except (Exception, SystemExit):  # noqa: BLE001  whatever a command ends with, the next one runs
            traceback.print_exc()
            code = 1
    keras.backend.clear_session()
    state = "failed" if code else "ok"
    print(f"{state:<7}{time.monotonic() - start:6.1f} s  {shlex.join(words)}", flush=True)
    return code


def call(words: Sequence[str]) -> int:
    """`train.py ...` or `-m tagging ...` by the same functions that the scripts call."""
    import predict  # noqa: PLC0415
    import preprocess  # noqa: PLC0415
    import train  # noqa: PLC0415
    from tagging import __main__ as tagging  # noqa: PLC0415

    scripts = {"preprocess.py": preprocess.main, "train.py": train.main, "predict.py": predict.main}
    first, *rest = words
    return scripts[first](rest) if first in scripts else tagging.main(rest[1:])


def shortened(words: Sequence[str]) -> list[str]:
    """The same with one epoch, and two trials of a sweep."""
    short = [re.sub(r"\bepochs=\d+$", "epochs=1", word) for word in words]
    return [*short, "--trials", "2"] if short[2:3] == ["sweep"] else short


def _shorter(text: str) -> str:
    for pattern, short in _SHORTER:
        text = re.sub(pattern, short, text)
    return text


def _expanded(blocks: Sequence[str], lines: Sequence[str]) -> list[tuple[str, ...]]:
    script = "\n".join(["set -euo pipefail", *blocks, _PRINTED, *lines])
    printed = subprocess.run(["bash", "-c", script], check=True, capture_output=True, text=True).stdout  # noqa: S603, S607
    return [tuple(command.splitlines()) for command in printed.split("\n\n") if command]


if __name__ == "__main__":
    sys.exit(main())
