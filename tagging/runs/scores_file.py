"""`NAME.scores.json`: metrics on test clips with known answers, which `predict.py` writes and `compare` reads."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from foundation.files import read_text, write_atomic
from tagging.runs.folds import Member
from tagging.runs.run import RunError

Figures = Mapping[str, float | int]


def write_figures(
    path: Path, whole: Mapping[str, Figures], members: Sequence[tuple[Member, Figures]]
) -> None:
    """Write metrics as JSON; one that is not defined is null.

    Args:
        path: of the file.
        whole: `all`, `public` ... -> metric -> value, of what was predicted.
        members: each model, with its own metrics on all clips.
    """
    of_members = [
        {
            "path": str(member.path),
            "finished": [run.info["finished"] for run in member.runs],
            "scores": _plain(found),
        }
        for member, found in members
    ]
    content = {"scores": {name: _plain(found) for name, found in whole.items()}, "members": of_members}
    write_atomic(path, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())


def read_figures(path: Path) -> dict[str, dict[str, float]]:
    """The metrics on test clips of each single run in the file, by the time when it finished, which tells runs apart.

    Raises:
        RunError: it is not such a file.
    """
    try:
        members = [
            member for member in json.loads(read_text(path))["members"] if len(member["finished"]) == 1
        ]
        return {str(member["finished"][0]): _numbers(member["scores"]) for member in members}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunError(
            f"{path}: expected a NAME.scores.json that predict.py wrote ({type(error).__name__}: {error}); "
            "run predict.py on test clips with answers"
        ) from error


def _plain(figures: Figures) -> dict[str, float | int | None]:
    return {name: None if math.isnan(value) else value for name, value in figures.items()}


def _numbers(figures: Mapping[str, Any]) -> dict[str, float]:
    return {name: math.nan if value is None else float(value) for name, value in figures.items()}
