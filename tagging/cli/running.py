"""How a command runs: one-line errors, exit codes, and an orderly end at Ctrl-C and SIGTERM."""

import argparse
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from foundation.errors import UserError
from foundation.text import shown_lines
from tagging.cli import at_home

INTERRUPTED, READER_GONE, TERMINATED = 130, 141, 143  # 128 + SIGINT, SIGPIPE, SIGTERM, as shells have them
NOTHING_LOST = "rerun the same command to start over"  # for commands that keep no partial results


class Terminated(KeyboardInterrupt):
    """SIGTERM, as batch systems send it before they kill: what is open is closed as after Ctrl-C."""


def run(
    command: Callable[[argparse.Namespace], int],
    parser: argparse.ArgumentParser,
    argv: Sequence[str] | None,
    *,
    interrupted: str,
) -> int:
    """Parse and run; bad input ends in one line on stderr and exit code 2, Ctrl-C and SIGTERM in the
    line `interrupted`.

    Errors of the user and of the file system are one line; with `TAGGING_DEBUG=1` in the environment their traceback
    comes first. Any other exception is a fault of the program, and is raised.
    """
    args = _at_home(parser.parse_intermixed_args(argv))
    return exit_code(lambda: command(args), prefix=f"{parser.prog}: ", interrupted=interrupted)


def exit_code(command: Callable[[], int], *, prefix: str, interrupted: str) -> int:
    """Run; the exit code, after the line on stderr of `run`. `prefix` stands before an error."""
    _keep_blas_to_one_thread()
    try:
        with _termination_raised():
            return command()
    except KeyboardInterrupt as error:
        print(f"interrupted; {interrupted}", file=sys.stderr)
        return TERMINATED if isinstance(error, Terminated) else INTERRUPTED
    except BrokenPipeError:  # whoever reads has enough, as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what Python still holds
        return READER_GONE
    except (UserError, OSError) as error:
        if os.environ.get("TAGGING_DEBUG") == "1":
            traceback.print_exc()
        print(shown_lines(f"{prefix}error: {error}"), file=sys.stderr)
        return 2


def _keep_blas_to_one_thread() -> None:
    """Before NumPy is imported: its products here are small, and threads of a BLAS spin after each one.

    They take the cores from the threads and processes that commands share their work among. What the user has set
    stays.
    """
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")


@contextmanager
def _termination_raised() -> Iterator[None]:
    """SIGTERM is raised as `Terminated` in the block; only the main thread can have it so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def terminate(*_: object) -> NoReturn:
        raise Terminated

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _at_home(args: argparse.Namespace) -> argparse.Namespace:
    """The options, all paths among them with their home folder."""
    for name, value in vars(args).items():
        if isinstance(value, Path):
            setattr(args, name, at_home(value))
        elif isinstance(value, list):
            setattr(args, name, [at_home(each) if isinstance(each, Path) else each for each in value])
    return args
