"""The right to write a path: what a command may replace, and what it never may.

A path that does not exist may be written. An existing file is replaced only if the same option of the same command
wrote it and it has not been edited since (`foundation.ledger`), and never if the command reads it or it belongs to a
run or a clean folder. An empty file holds nothing to lose. Pipes and devices are written to, never replaced. Links are
followed; files are compared by device and inode. The rule is checked when a command starts, and again when a file
takes its place.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from foundation.errors import UserError
from foundation.ledger import has_ledger, is_recorded, replace_recorded
from foundation.marks import home_of
from foundation.streams import is_stream


class OutputError(UserError):
    """A path that must not, or cannot, be written."""


class Claim(NamedTuple):
    """The real path of an output, what makes it, and whether it may replace a file without a record."""

    target: Path
    maker: str
    is_old: bool


_claimed: dict[str, Claim] = {}
"""Absolute path as it was given -> claim, of the outputs of the running command."""


@contextmanager
def claimed(
    command: str, outputs: Mapping[str, Path | None], inputs: Iterable[Path] = (), own: Path | None = None
) -> Iterator[None]:
    """Claim the files that a command is going to write; those written in the block are recorded as its outputs.

    Args and errors: as `check_outputs`.
    """
    check_outputs(command, outputs, inputs, own)
    paths = {name: path for name, path in outputs.items() if path is not None and not is_stream(path)}
    before = dict(_claimed)
    for name, path in paths.items():
        target = path.resolve()
        _claimed[os.path.abspath(path)] = Claim(target, maker(command, name), _is_old(target, own))
    try:
        yield
    finally:
        _claimed.clear()
        _claimed.update(before)


def check_outputs(
    command: str, outputs: Mapping[str, Path | None], inputs: Iterable[Path] = (), own: Path | None = None
) -> None:
    """Refuse outputs that would replace what is not this command's to replace.

    Args:
        command: its name, such as `predict.py`.
        outputs: how the user calls each output, such as `--out`, and its path; None: it is not asked for.
        inputs: files that the command reads.
        own: the command's own run, or another folder that it made. Outputs may be in it; if it was made before there
            was a record, they may replace files there.

    Raises:
        OutputError: with what would be lost.
    """
    read = {_identity(path) or path.absolute() for path in inputs}
    taken: dict[Path, str] = {}
    for name, path in outputs.items():
        if path is None or is_stream(path):
            continue
        _check_links(name, path)
        if path.is_dir():
            raise OutputError(f"{name}: expected a file to write, received the folder {path}")
        other = taken.setdefault(path.resolve(), name)
        if other != name:
            raise OutputError(f"{name}: {path} is {other}, too; choose another name")
        if (_identity(path) or path.absolute()) in read:
            raise OutputError(f"{name}: {path} would be lost, and this command reads it; choose another name")
        if path.exists():
            _check_existing(name, path, maker(command, name), own)
        else:
            _check_place(name, path)


def check_plot(name: str, path: Path | None) -> None:
    """Raises OutputError for a plot that is not called like one."""
    if path is not None and path.suffix.lower() != ".png" and not is_stream(path):
        raise OutputError(f"{name}: expected a name that ends in .png, received {path}")


def maker(command: str, name: str) -> str:
    """What the record calls the origin of an output, such as `predict.py --out`."""
    return f"{command} {name}"


def remove_output(path: Path, made_by: str | None = None) -> None:
    """Remove an output of an earlier command: one that is claimed, or that `made_by` wrote; any other file stays."""
    if not path.is_file() or path.is_symlink():
        return
    claim = _claimed.get(os.path.abspath(path))
    wrote = made_by or (claim.maker if claim else "")
    if is_recorded(path.resolve(), wrote) or (claim and claim.is_old and claim.target == path.resolve()):
        path.unlink()


def put(part: Path, path: Path) -> None:
    """Give a finished file its name; an output of the running command is recorded.

    Raises:
        OutputError: the output now leads elsewhere, or a file that is not ours has appeared there.
    """
    claim = _claimed.get(os.path.abspath(path))
    if claim is None:
        part.replace(path)
    elif path.resolve() != claim.target:
        raise OutputError(f"{path} leads to another file than when the command started; run it again")
    elif not replace_recorded(part, claim.target, claim.maker, is_old=claim.is_old):
        raise OutputError(
            f"{path} would be lost: it was made or edited while the command ran; choose another name"
        )


def real_target(path: Path) -> Path:
    """Where a file is written: an output's link is followed; files of runs and clean folders are no links.

    Raises:
        OutputError: such a link.
    """
    if os.path.abspath(path) in _claimed:
        return path.resolve()
    if path.is_symlink():
        raise OutputError(f"expected a file of our own, received the link {path}; remove the link")
    return path


def _is_old(target: Path, own: Path | None) -> bool:
    """Whether a file is in the command's own folder, which was made before there was a record."""
    return own is not None and target.is_relative_to(own.resolve()) and not has_ledger(own)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino


def _check_links(name: str, path: Path) -> None:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):  # a new file, or a place that is checked later
        return
    except OSError as error:  # links in a circle, a name that is too long
        raise OutputError(f"{name}: expected a file to write, received {path}: {error.strerror}") from error


def _check_existing(name: str, path: Path, made_by: str, own: Path | None) -> None:
    target = path.resolve()
    home = home_of(target)
    if home and not (own is not None and home.folder == own.resolve()):
        raise OutputError(
            f"{name}: {path} would be lost, which belongs to the {home.what} {home.folder}; choose another name"
        )
    if target.stat().st_size and not is_recorded(target, made_by) and not _is_old(target, own):
        raise OutputError(
            f"{name}: {path} would be lost: it was not written by {made_by}, or it has been edited since; "
            f"choose another name{_with_option(name)}, or move it away"
        )


def _with_option(name: str) -> str:
    """How to choose another name, where an option does: the user may not have given it."""
    return f" with {name.split(maxsplit=1)[0]}" if name.startswith("--") else ""


def _check_place(name: str, path: Path) -> None:
    """The nearest folder that is there must take new files."""
    try:
        folder = next(each for each in path.resolve().parents if each.exists())
        if folder.is_dir() and os.access(folder, os.W_OK | os.X_OK):
            return
        reason = f"no permission to write into {folder}" if folder.is_dir() else f"{folder} is not a folder"
    except (OSError, ValueError) as error:
        reason = str(error)
    raise OutputError(
        f"{name}: expected a file that can be written, received {path}: {reason}; choose another place"
    )
