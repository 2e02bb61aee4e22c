"""What the scripts share: flags, exit codes, one-line errors, and a quiet TensorFlow.

Imports nothing heavy, so that `--help` is instant.
"""

import argparse
import os
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import inf, isfinite, nan
from pathlib import Path
from typing import Any, NoReturn

from foundation.devices import read_devices
from foundation.errors import UserError
from foundation.shards import Shard, parse_shard
from foundation.text import shown_lines

DEFAULT_CONFIG = Path("configs/demo.yaml")
OWN_CONFIG = Path("configs/own/pretrained.yaml")
DEMO_MARK = "demo.json"  # the file that tells a folder of demo data
INTERRUPTED, READER_GONE, TERMINATED = 130, 141, 143  # 128 + SIGINT, SIGPIPE, SIGTERM, as shells have them
IN_CALLER = -1  # of TensorFlow's threads: operations run where their function was called
NOTHING_LOST = "rerun the same command to start over"  # for commands that keep no partial results
_EPILOG = (
    "key=value overrides any setting of the config, e.g. seed=1 train.epochs=5 stages.curated.learning_rate=3e-4 "
    "model.name=mobilenet_v2; docs/config.md lists all settings."
)

_EXIT_CODES = "exit codes: 0 done; 1 done, but some files were refused; 2 not done (docs/cli.md)"


class Terminated(KeyboardInterrupt):
    """SIGTERM, as batch systems send it before they kill: what is open is closed as after Ctrl-C."""


class Parser(argparse.ArgumentParser):
    """Reports invalid options in one line; the help ends with the exit codes."""

    def format_help(self) -> str:
        return f"{super().format_help()}\n{_EXIT_CODES}\n"

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message}; --help lists the options\n")


def make_parser(description: str) -> argparse.ArgumentParser:
    """A parser with `--config`, `--jobs` and the `key=value` overrides."""
    parser = Parser(description=description)
    add_config(parser)
    return parser


def add_config(parser: argparse.ArgumentParser) -> None:
    """Add `--config`, `--jobs` and the `key=value` overrides."""
    parser.epilog = _EPILOG
    parser.add_argument(
        "overrides", nargs="*", metavar="key=value", help="settings that override those of the config"
    )
    parser.add_argument(
        "--config", type=Path, help=f"YAML file of the experiment (default: {DEFAULT_CONFIG})"
    )
    parser.add_argument(
        "--jobs",
        type=positive,
        default=available_cores(),
        help="CPU cores to use (default: all, here %(default)s)",
    )


def add_shard(parser: argparse.ArgumentParser, then: str) -> None:
    """Add `--shard`; `then`: what puts the shards together."""
    parser.add_argument(
        "--shard",
        type=_shard,
        metavar="i/n",
        help=f"work on the i-th of n parts only, as one task of a batch system does; {then}",
    )


def _shard(text: str) -> Shard:
    try:
        return parse_shard(text)
    except UserError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def add_devices(parser: argparse.ArgumentParser, use: str) -> None:
    """Add `--devices`; `use` says what is done with several."""
    parser.add_argument(
        "--devices",
        type=_devices,
        default=(),
        metavar="LIST",
        help=f"GPUs by number, as 0,1, or shares of the CPU, as cpu:0,cpu:1 (default: the first GPU); {use}",
    )


def chosen_config(config: Path | None, overrides: Sequence[str]) -> Path:
    """The file of `--config`, else the demo's, which is for the demo data only.

    Raises:
        UserError: data of another folder without `--config`.
    """
    roots = [text for text in overrides if text.startswith("dataset.root=")]
    is_plain = config is None and not any(text.startswith("dataset.layout=") for text in overrides)
    if is_plain and roots and not (at_home(roots[-1].partition("=")[2]) / DEMO_MARK).is_file():
        raise UserError(
            f"expected --config with {roots[-1]}, as {DEFAULT_CONFIG} is for the demo data; "
            f"for recordings in one folder per class add --config {OWN_CONFIG}"
        )
    return config or DEFAULT_CONFIG


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


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


def at_home(path: Path | str) -> Path:
    """The path with the home folder in place of a `~` at its start, which shells leave in `--out=~/x`."""
    return Path(os.path.expanduser(path))


def _at_home(args: argparse.Namespace) -> argparse.Namespace:
    """The options, all paths among them with their home folder."""
    for name, value in vars(args).items():
        if isinstance(value, Path):
            setattr(args, name, at_home(value))
        elif isinstance(value, list):
            setattr(args, name, [at_home(each) if isinstance(each, Path) else each for each in value])
    return args


def quiet_tensorflow(jobs: int, *, calls_apart: bool = False) -> None:
    """Import TensorFlow for `jobs` cores, without the notices it prints before its own log level takes effect.

    Args:
        jobs: cores to use.
        calls_apart: `jobs` threads call networks, and each call runs in its own thread alone, which takes half the time
            for small networks; else the cores share each operation.
    """
    with without_notices():
        import keras  # noqa: PLC0415
        import tensorflow as tf  # noqa: PLC0415

        if calls_apart or jobs < available_cores():
            _limit_threads(tf, 1 if calls_apart else jobs, IN_CALLER if calls_apart else jobs)
        tf.get_logger().setLevel("ERROR")  # its advice on tracing is for those who write the code
        tf.config.list_physical_devices()
        if keras.backend.backend() == "jax":
            tf.config.set_visible_devices([], "GPU")  # whose memory is JAX's: TensorFlow reads files only


@contextmanager
def without_notices() -> Iterator[None]:
    """Nothing that TensorFlow prints while it is imported and finds its devices reaches stderr; settings stay."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as notices:
        os.dup2(notices.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


def _limit_threads(tf: Any, of_operation: int, at_a_time: int) -> None:
    try:
        tf.config.threading.set_intra_op_parallelism_threads(of_operation)
        tf.config.threading.set_inter_op_parallelism_threads(at_a_time)
    except RuntimeError:  # TensorFlow has run in this process already, and keeps the threads it has
        return


def _devices(text: str) -> tuple[str, ...]:
    try:
        return read_devices(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def positive(text: str) -> int:
    """A whole number of at least 1, for argparse."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, received {text}")
    return int(text)


def above_zero(text: str) -> float:
    """A number above 0, for argparse."""
    return number(text, 0, inf, is_open=True)


def number(text: str, low: float, high: float, *, is_open: bool = False) -> float:
    """A number between bounds, the lower one left out if `is_open`, for argparse."""
    try:
        found = float(text)
    except ValueError:
        found = nan
    is_above = low < found if is_open else low <= found
    if not (isfinite(found) and is_above and found <= high):
        bounds = f"above {low:g}" if is_open else f"of at least {low:g}"
        limit = "" if high == inf else f" and at most {high:g}"
        raise argparse.ArgumentTypeError(f"expected a number {bounds}{limit}, received {text}")
    return found
