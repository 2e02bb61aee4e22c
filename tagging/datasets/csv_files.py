"""CSV tables, read strictly: a bad one is one clear line and not a bad model."""

import os
import re
from collections.abc import Sequence
from io import StringIO
from pathlib import Path, PurePosixPath, PureWindowsPath

import pandas as pd

from foundation.files import read_text, write_atomic
from foundation.text import CSV_LINE_END, csv_bytes
from foundation.words import some
from tagging.datasets.table import DatasetError

_EXCEL = re.compile(r'"?sep=([,;\t])"?[,;\t]*\n')
"""The first line with which Excel is told what separates the fields."""
_BLANK = re.compile(r"\A[\s,;]*\n")
"""Lines before the header that have nothing in them."""
_DOWNLOAD = "download it again"


def read_csv(
    path: Path,
    columns: Sequence[str],
    *,
    expected: str = "",
    inner: bool = False,
    root: Path | None = None,
    repeats: bool = False,
    of_one_line: Sequence[str] | None = None,
) -> pd.DataFrame:
    """The table at `path`, every value a string ("" where empty), with at least `columns`.

    Fields are separated by commas, or where the header has none by semicolons or tabs; a first line `sep=;` as Excel
    writes it says so, too. Blank rows are left out. The first of `columns` names a file in each row: no name that
    leaves its folder.

    Args:
        path: of the table.
        columns: those that must be there.
        expected: what errors say of the columns; "": their names.
        inner: whether a name may have folders inside that folder, as `blues/1.wav`; `./blues/1.wav` and
            `blues\\1.wav` are read as that.
        root: the folder, if names may also be absolute paths of files in it.
        repeats: whether a file may have several rows.
        of_one_line: columns, if they are there, in which a line break is an error, as a stray quote makes one out of
            the rows that follow; None: `columns`.

    Raises:
        DatasetError: a file that is missing, empty or no UTF-8 CSV, a missing column, a line break, a bad file name.
    """
    of_one_line = columns if of_one_line is None else of_one_line
    table = _table(path, columns, expected or ", ".join(columns), of_one_line, _DOWNLOAD)
    if inner:
        table = table.assign(**{columns[0]: [inner_name(name, root) for name in table[columns[0]]]})
    _check_names(path, table[columns[0]], inner, root)
    if not repeats:
        check_once(path, table[columns[0]])
    return table


def read_by_clip(path: Path, column: str, advice: str) -> pd.Series:
    """The values of `column` by clip, out of a table `fname,column` that has each clip once; a name may be any text.

    Args:
        path: of the table.
        column: its name.
        advice: what to do about a table without rows.

    Raises:
        DatasetError: a file that is missing, empty or no UTF-8 CSV, a missing column, a line break in a value.
    """
    table = _table(path, ["fname", column], f"fname, {column}", [column], advice)
    check_once(path, table["fname"])
    return table.set_index("fname")[column]


def _table(
    path: Path, columns: Sequence[str], expected: str, of_one_line: Sequence[str], advice: str
) -> pd.DataFrame:
    """What `read_csv` returns, with whatever is in the first of `columns`."""
    rows = _without_blanks(_parse(path, expected, advice))
    if rows.empty:
        raise DatasetError(f"{path}: expected the columns {expected}, received blank rows; {advice}")
    table = rows.iloc[1:].reset_index(drop=True).set_axis(list(rows.iloc[0].str.strip()), axis=1)
    if len(set(table.columns)) < len(table.columns):
        raise DatasetError(f"{path}: expected each column once, received {some(_twice(table.columns))} again")
    if missing := [column for column in columns if column not in table.columns]:
        raise DatasetError(
            f"{path}: expected the columns {expected}, received {', '.join(table.columns)}; "
            f"add {', '.join(missing)}, or rename what is called otherwise"
        )
    if table.empty:
        raise DatasetError(f"{path}: expected one row per clip, received only the header; {advice}")
    _check_lines(path, table, of_one_line)
    return table


def read_headless_csv(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """The table at `path`, which has no header and just these `columns`, every value a string.

    Raises:
        DatasetError: a file that is missing, empty or no UTF-8 CSV, or another number of columns.
    """
    rows = _parse(path, ", ".join(columns), _DOWNLOAD)
    if len(rows.columns) != len(columns):
        raise DatasetError(
            f"{path}: expected the columns {', '.join(columns)} without a header, received "
            f"{len(rows.columns)} columns; {_DOWNLOAD}"
        )
    table = rows.set_axis(list(columns), axis=1)
    _check_lines(path, table, columns)
    return table


def _parse(path: Path, expected: str, advice: str) -> pd.DataFrame:
    """All rows, a header's too, of a CSV that should have the `expected` columns; `advice` is for an empty file."""
    hint = f"expected a UTF-8 CSV with the columns {expected}"
    try:
        mark, text = _separated(read_text(path))
        # The header is read as a row: as a header, pandas renames columns that are there twice, and takes
        # the first field of too long rows (labels without quotes) for an index, without a word.
        return pd.read_csv(StringIO(text), sep=mark, header=None, dtype=str, na_filter=False)
    except FileNotFoundError:
        raise DatasetError(f"{path}: {hint}, received no file; put it there") from None
    except OSError as error:
        raise DatasetError(
            f"{path}: {hint}, received one that cannot be read ({error.strerror}); name another file"
        ) from None
    except pd.errors.EmptyDataError:
        raise DatasetError(f"{path}: {hint}, received an empty file; {advice}") from None
    except UnicodeDecodeError as error:
        raise DatasetError(
            f"{path}: {hint}, received other bytes ({error.reason}); save it as UTF-8"
        ) from None
    except pd.errors.ParserError as error:
        reason = " ".join(str(error).split())
        raise DatasetError(
            f"{path}: {hint}, received a row that does not fit ({reason}); put fields with a separator in quotes"
        ) from None


def _separated(text: str) -> tuple[str, str]:
    """What separates the fields of a table, and the table."""
    if match := _EXCEL.match(text):
        return match[1], text[match.end() :]
    text = _BLANK.sub("", text)
    header = re.sub(r'"[^"]*"', "", text.partition("\n")[0])
    return next((mark for mark in ",;\t" if mark in header), ","), text


def _without_blanks(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows and columns of a header and a table that have anything in them."""
    is_filled = rows.apply(lambda column: column.str.strip() != "")
    return rows.loc[is_filled.any(axis=1), is_filled.any(axis=0)]


def inner_name(name: str, root: Path | None = None) -> str:
    """The name as it is inside the folder, with `/` between folders; as it is where it is not inside."""
    path = PurePosixPath(name.replace("\\", "/"))
    for folder in (os.path.abspath(root), os.path.realpath(root)) if root and path.is_absolute() else ():
        if path.is_relative_to(folder):
            return path.relative_to(folder).as_posix()
    return path.as_posix() if name else name


def _check_lines(path: Path, table: pd.DataFrame, columns: Sequence[str]) -> None:
    """Raises DatasetError where a value of these columns, if they are there, has a line break."""
    for column in columns:
        for value in table.get(column, ()):
            if len(lines := value.strip().split("\n")) > 1:
                raise DatasetError(
                    f"{path}: expected a {column} of one line, received {lines[0]!r} and {len(lines) - 1} more lines; "
                    "correct the quotes there"
                )


def _check_names(path: Path, names: pd.Series, inner: bool, root: Path | None) -> None:
    is_right, kind = (is_inner_name, "inside their folder") if inner else (is_plain_name, "without a folder")
    for name in names:
        if not is_right(name):
            advice = (
                f"; write it relative to {root}, or set dataset.root to a folder above it" if root else ""
            )
            raise DatasetError(
                f"{path}: expected file names {kind}, received {name!r}{advice or '; correct it'}"
            )


def check_once(path: Path, names: pd.Series, advice: str = "keep one row of each") -> None:
    """Raises DatasetError, with the advice, where a name is in several rows of the table at `path`."""
    if twice := _twice(names):
        raise DatasetError(
            f"{path}: expected one row per clip, received {some(twice)} more than once; {advice}"
        )


def write_csv(path: Path, table: pd.DataFrame, *, index: bool = False) -> None:
    """Write a table, with its index if asked, whole or not at all."""
    write_atomic(path, csv_bytes(table.to_csv(index=index, lineterminator=CSV_LINE_END)))


def is_plain_name(name: str) -> bool:
    """Whether `name` stays in its folder on every system: no separator, drive, `..` or NUL."""
    plain = PurePosixPath(name).name == name == PureWindowsPath(name).name
    return plain and name not in ("", ".", "..") and "\0" not in name


def is_inner_name(name: str) -> bool:
    """Whether `name`, with `/` between folders, stays in its folder on every system."""
    return all(is_plain_name(part) for part in name.split("/"))


def _twice(names: pd.Series | pd.Index) -> list[str]:
    return list(dict.fromkeys(names[names.duplicated()]))
