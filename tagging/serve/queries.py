"""The query of a request as options of `tag`."""

import argparse
from collections.abc import Callable, Sequence
from typing import Any

from starlette.exceptions import HTTPException

from tagging import cli
from tagging.tagger.arguments import seconds, threshold


def _flag(text: str) -> bool:
    if text not in ("0", "1", "false", "true"):
        raise argparse.ArgumentTypeError(f"expected 0 or 1, received {text}")
    return text in ("1", "true")


OPTIONS: dict[str, Callable[[str], Any]] = {
    "top": cli.positive,
    "threshold": threshold,
    "timeline": _flag,
    "smooth_s": seconds,
    "min_length_s": seconds,
    "max_gap_s": seconds,
}
_OF_TIMELINE = ("smooth_s", "min_length_s", "max_gap_s")
_OF_LABELS = ("threshold", "min_length_s", "max_gap_s")
_SHOWN = 40


def read_query(pairs: Sequence[tuple[str, str]], *, task: str, has_timeline: bool) -> argparse.Namespace:
    """The options as the command line of `tag` has them.

    Args:
        pairs: names and values.
        task: of the runs.
        has_timeline: whether they tag over time.

    Raises:
        HTTPException: 400; the detail is one line.
    """
    args = argparse.Namespace(**dict.fromkeys(OPTIONS))
    for name, text in pairs:
        if name not in OPTIONS:
            raise _refusal(f"expected options among {', '.join(OPTIONS)}, received {name[:_SHOWN]!r}")
        if getattr(args, name) is not None:
            raise _refusal(f"{name}: expected it once")
        try:
            setattr(args, name, OPTIONS[name](_short(text)))
        except argparse.ArgumentTypeError as error:
            raise _refusal(f"{name}: {error}") from error
    _check(args, task, has_timeline=has_timeline)
    return args


def _short(text: str) -> str:
    if len(text) > _SHOWN:
        raise argparse.ArgumentTypeError(f"expected at most {_SHOWN} characters, received {len(text)}")
    return text


def _check(args: argparse.Namespace, task: str, *, has_timeline: bool) -> None:
    given = [name for name in OPTIONS if getattr(args, name) is not None]
    if args.timeline and not has_timeline:
        raise _refusal("timeline: these runs tag whole clips only")
    if args.timeline and args.top is not None:
        raise _refusal("top applies to whole clips; use threshold with timeline")
    for name in (name for name in _OF_TIMELINE if name in given and not args.timeline):
        raise _refusal(f"{name} applies to tags over time: add timeline=1")
    for name in (name for name in _OF_LABELS if name in given and task == "regression"):
        raise _refusal(f"{name} applies to labels, these runs predict values")


def _refusal(detail: str) -> HTTPException:
    return HTTPException(400, detail)
