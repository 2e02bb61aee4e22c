"""CSV tables, read strictly: a bad one is one clear line and not a bad model."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import pandas as pd

from tagging.datasets.table import DatasetError


def read_csv(
    path: Path, columns: Sequence[str], *, inner: bool = False, errors: str = "strict"
) -> pd.DataFrame:
    """The table at `path`, every value a string ("" where empty), with at least `columns`.

    The first of `columns` names a file in each row: no row twice, no name that leaves its folder.

    Args:
        errors: what is done with bytes that are not UTF-8, as `open` has it.
        inner: whether a name may have folders inside that folder, as `blues/1.wav`.

    Raises:
        DatasetError: a file that is missing, empty or no UTF-8 CSV, a missing column, a bad file name.
    """
    rows = _parse(path, columns, errors)
    table = rows.iloc[1:].reset_index(drop=True).set_axis(list(rows.iloc[0]), axis=1)
    if len(set(table.columns)) < len(table.columns):
        raise DatasetError(f"{path}: expected each column once, received {some(_twice(table.columns))} again")
    if missing := [column for column in columns if column not in table.columns]:
        raise DatasetError(
            f"{path}: expected the columns {', '.join(columns)}, received {', '.join(table.columns)}; "
            f"add {', '.join(missing)}"
        )
    if table.empty:
        raise DatasetError(f"{path}: expected one row per clip, received only the header; download it again")
    _check_names(path, table[columns[0]], inner)
    return table


def read_headless_csv(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """The table at `path`, which has no header and just these `columns`, every value a string.

    Raises:
        DatasetError: a file that is missing, empty or no UTF-8 CSV, or another number of columns.
    """
    rows = _parse(path, columns)
    if len(rows.columns) != len(columns):
        raise DatasetError(
            f"{path}: expected the columns {', '.join(columns)} without a header, received "
            f"{len(rows.columns)} columns; download it again"
        )
    return rows.set_axis(list(columns), axis=1)


def _parse(path: Path, columns: Sequence[str], errors: str = "strict") -> pd.DataFrame:
    """All rows, a header's too, of a CSV that should have `columns`."""
    hint = f"expected a UTF-8 CSV with the columns {', '.join(columns)}"
    try:
        # The header is read as a row: as a header, pandas renames columns that are there twice, and takes
        # the first field of too long rows (labels without quotes) for an index, without a word.
        options: Any = {"encoding": "utf-8-sig", "encoding_errors": errors}
        return pd.read_csv(path, header=None, dtype=str, na_filter=False, **options)
    except FileNotFoundError:
        raise DatasetError(f"{path}: {hint}, received no file; put it there") from None
    except pd.errors.EmptyDataError:
        raise DatasetError(f"{path}: {hint}, received an empty file; download it again") from None
    except UnicodeDecodeError as error:
        raise DatasetError(
            f"{path}: {hint}, received other bytes ({error.reason}); save it as UTF-8"
        ) from None
    except pd.errors.ParserError as error:
        reason = " ".join(str(error).split())
        raise DatasetError(f"{path}: {hint}, received a row that does not fit ({reason}); quote it") from None


def _check_names(path: Path, names: pd.Series, inner: bool) -> None:
    is_right, kind = (is_inner_name, "inside their folder") if inner else (is_plain_name, "without a folder")
    for name in names:
        if not is_right(name):
            raise DatasetError(f"{path}: expected file names {kind}, received {name!r}; remove that row")
    if twice := _twice(names):
        raise DatasetError(
            f"{path}: expected one row per clip, received {some(twice)} more than once; keep one row of each"
        )


def is_plain_name(name: str) -> bool:
    """Whether `name` stays in its folder on every system: no separator, drive, `..` or NUL."""
    plain = PurePosixPath(name).name == name == PureWindowsPath(name).name
    return plain and name not in ("", ".", "..") and "\0" not in name


def is_inner_name(name: str) -> bool:
    """Whether `name`, with `/` between folders, stays in its folder on every system."""
    return all(is_plain_name(part) for part in name.split("/"))


def _twice(names: pd.Series | pd.Index) -> list[str]:
    return list(dict.fromkeys(names[names.duplicated()]))


def some(names: Sequence[str], most: int = 3) -> str:
    """The first names for a one-line message, and how many more there are."""
    shown = ", ".join(repr(name) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
