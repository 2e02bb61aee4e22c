"""The options that commands share, and the kinds of values that options take.

Nothing in this package imports anything heavy on its own, so that `--help` is instant.
"""

import argparse
import os
from collections.abc import Sequence
from math import inf, isfinite, nan
from pathlib import Path
from typing import NoReturn

from foundation.devices import read_devices
from foundation.errors import UserError
from foundation.shards import Shard, parse_shard
from foundation.words import alike

DEFAULT_CONFIG = Path("configs/demo.yaml")
OWN_CONFIG = Path("configs/own/pretrained.yaml")
DEMO_MARK = "demo.json"  # the file that tells a folder of demo data
_EPILOG = (
    "key=value overrides any setting of the config, e.g. seed=1 train.epochs=5 stages.curated.learning_rate=3e-4 "
    "model.name=mobilenet_v2; docs/config.md lists all settings."
)

_UNKNOWN = "unrecognized arguments: "  # argparse's words


class Parser(argparse.ArgumentParser):
    """Reports invalid options in one line; the help ends with the exit codes, `partly` with what code 1 means."""

    partly = "some files were refused"

    def format_help(self) -> str:
        codes = f"exit codes: 0 done; 1 done, but {self.partly}; 2 not done (docs/cli.md)"
        return f"{super().format_help()}\n{codes}\n"

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message}{self._meant(message)}; --help lists the options\n")

    def _meant(self, message: str) -> str:
        """The option, or the way to write a setting, that may be meant where an option is not known."""
        words = message.removeprefix(_UNKNOWN).split() if message.startswith(_UNKNOWN) else []
        option = next((word.partition("=")[0] for word in words if word.startswith("--")), "")
        if not option:
            return ""
        known = {name: name for action in self._actions for name in action.option_strings}
        takes_settings = any(action.dest == "overrides" for action in self._actions)
        hint = " (settings are written as key=value, such as train.epochs=5)" if takes_settings else ""
        return alike(option, known) or hint


def make_parser(description: str) -> Parser:
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


def _devices(text: str) -> tuple[str, ...]:
    try:
        return read_devices(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


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


def at_home(path: Path | str) -> Path:
    """The path with the home folder in place of a `~` at its start, which shells leave in `--out=~/x`."""
    return Path(os.path.expanduser(path))


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
