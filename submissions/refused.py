"""Files that could not be used: one line on the screen, and a list next to the output."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from foundation.claims import remove_output
from foundation.files import write_atomic
from foundation.text import CSV_LINE_END, csv_bytes
from foundation.words import with_reasons

Refused = Sequence[tuple[str, str]]
"""Names of files or clips that could not be used, each with the reason."""

_NAMED = 10


def refused_file(out: Path) -> Path:
    """Where the files that could not be used are listed."""
    return out.with_name(f"{out.stem}.refused.csv")


def write_refused(out: Path, refused: Refused) -> None:
    """Write a CSV of `fname` and `reason` next to `out`; without refused files, remove that of an earlier command."""
    if not refused:
        remove_output(refused_file(out))
        return
    text = io.StringIO()
    csv.writer(text, lineterminator=CSV_LINE_END).writerows([("fname", "reason"), *refused])
    write_atomic(refused_file(out), csv_bytes(text.getvalue()))


def refused_line(
    refused: Refused, n_files: int, what: str, place: Path | None, *, are_named: bool = False
) -> str:
    """How many could not be used, the first of them, and where all are.

    Args:
        refused: one or more.
        n_files: usable or not.
        what: `files could not be used`, or of clips.
        place: where `write_refused` has listed them; None: nowhere.
        are_named: whether each has had a line of its own, so that this one names none.
    """
    first = "" if are_named else f": {with_reasons(refused, _NAMED)}"
    return f"{len(refused)} of {n_files} {what}{first}" + (f"; {place} lists them all" if place else "")
