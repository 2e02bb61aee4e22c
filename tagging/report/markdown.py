"""A table as CSV for programs and as Markdown for people."""

from pathlib import Path

import pandas as pd

from foundation.files import write_atomic
from foundation.text import as_text
from tagging.datasets.csv_files import write_csv


def write_csv_and_markdown(table: pd.DataFrame, stem: Path) -> list[Path]:
    """Write `STEM.csv` and `STEM.md`; their paths."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    paths = [stem.with_name(stem.name + ending) for ending in (".csv", ".md")]
    write_csv(paths[0], table)
    write_atomic(paths[1], as_text(markdown(table)).encode())
    return paths


def markdown(table: pd.DataFrame) -> str:
    """A Markdown table; numbers to the right with four significant digits, nothing for NaN."""
    rule = ["---:" if pd.api.types.is_numeric_dtype(table[name]) else "---" for name in table]
    rows = [[_cell(value) for value in row] for row in table.itertuples(index=False)]
    return "".join(f"| {' | '.join(row)} |\n" for row in [list(map(str, table.columns)), rule, *rows])


def _cell(value: object) -> str:
    if value is None or (isinstance(value, float) and pd.isna(value)):
        return ""
    text = f"{value:.4g}" if isinstance(value, float) and abs(value) < 1e4 else str(value)
    return text.replace("|", "\\|").replace("\n", " ").replace("\r", " ")
