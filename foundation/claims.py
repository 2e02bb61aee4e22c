"""The right to write a path: what a command may replace, and what it never may.

A path that does not exist may be written. An existing file is replaced only if the same option of the same command
wrote it and it has not been edited since (`foundation.ledger`), and never if the command reads it or it belongs to a
run or a clean folder. An empty file holds nothing to lose. Pipes and devices are written to, never replaced. Links are
followed; files are compared by device and inode.
"""

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from foundation.errors import UserError
from foundation.ledger import is_recorded, replace_recorded
from foundation.marks import home_of

_claimed: dict[Path, str] = {}
"""Real path -> maker, of the outputs of the running command."""


class OutputError(UserError):
    """A path that must not, or cannot, be written."""


@contextmanager
def claimed(
    command: str, outputs: Mapping[str, Path | None], inputs: Iterable[Path] = (), own: Iterable[Path] = ()
) -> Iterator[None]:
    """Claim the files that a command is going to write; those written in the block are recorded as its outputs.

    Args and errors: as `check_outputs`.
    """
    check_outputs(command, outputs, inputs, own)
    paths = {name: path for name, path in outputs.items() if path is not None and not is_stream(path)}
    new = {path.resolve(): maker(command, name) for name, path in paths.items()}
    before = dict(_claimed)
    _claimed.update(new)
    try:
        yield
    finally:
        _claimed.clear()
        _claimed.update(before)


def check_outputs(
    command: str, outputs: Mapping[str, Path | None], inputs: Iterable[Path] = (), own: Iterable[Path] = ()
) -> None:
    """Refuse outputs that would replace what is not this command's to replace.

    Args:
        command: its name, such as `predict.py`.
        outputs: how the user calls each output, such as `--out`, and its path; None: it is not asked for.
        inputs: files that the command reads.
        own: files of the command's own folder, which it may replace whatever the record says.

    Raises:
        OutputError: with what would be lost.
    """
    read = {_identity(path) or path.resolve() for path in inputs}
    mine = {path.resolve() for path in own}
    taken: dict[Path, str] = {}
    for name, path in outputs.items():
        if path is None or is_stream(path):
            continue
        if path.is_dir():
            raise OutputError(f"{name}: expected a file to write, received the folder {path}")
        _check_links(name, path)
        other = taken.setdefault(path.resolve(), name)
        if other != name:
            raise OutputError(f"{name}: {path} is {other}, too; choose another name")
        if (_identity(path) or path.resolve()) in read:
            raise OutputError(f"{name}: {path} would be lost, and this command reads it; choose another name")
        if path.exists():
            _check_existing(name, path, maker(command, name), mine)
        else:
            _check_place(name, path)


def maker(command: str, name: str) -> str:
    """What the record calls the origin of an output, such as `predict.py --out`."""
    return f"{command} {name}"


def remove_output(path: Path, made_by: str | None = None) -> None:
    """Remove an output of an earlier command: one that is claimed, or that `made_by` wrote; any other file stays."""
    target = path.resolve()
    if (
        not path.is_file() or not path.stat().st_size
    ):  # an empty file passes the checks of a claim, whoever made it
        return
    if target in _claimed or (made_by and is_recorded(target, made_by)):
        path.unlink()


def is_stream(path: Path) -> bool:
    """Whether it is a pipe or a device, or what standard output goes to: written to, and never replaced."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):  # nothing is there
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)) or is_stdout(path)


def is_stdout(path: Path) -> bool:
    """Whether it names what standard output goes to, as `/dev/stdout` does."""
    try:
        here, there = os.fstat(1), path.stat()
    except (OSError, ValueError):
        return False
    return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)


def put(part: Path, target: Path) -> None:
    """Give a finished file its name, a real path; an output of the running command is recorded."""
    if target in _claimed:
        replace_recorded(part, target, _claimed[target])
    else:
        part.replace(target)


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


def _check_existing(name: str, path: Path, made_by: str, mine: set[Path]) -> None:
    target = path.resolve()
    if target in mine:
        return
    if home := home_of(target):
        raise OutputError(
            f"{name}: {path} would be lost, which belongs to the {home.what} {home.folder}; choose another name"
        )
    if target.stat().st_size and not is_recorded(target, made_by):
        raise OutputError(
            f"{name}: {path} would be lost: {made_by} did not write it, or it has been edited since; "
            "choose another name, or move it away"
        )


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
