"""Weights & Biases, for a config that asks for it; the package is not one of our requirements."""

import importlib
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from foundation.errors import UserError
from foundation.settings import as_dict
from tagging.config.schema import Config
from tagging.config.tracking import TrackingSettings

ID = "wandb_id.txt"  # in the run's folder: the name of the run there, which an interrupted training keeps


class TrackingError(UserError):
    """Tracking that cannot be done as asked; the message is one line for the user."""


def check_tracking(settings: TrackingSettings) -> None:
    """Say that the package is missing before anything is made.

    Raises:
        TrackingError: it is.
    """
    if settings.wandb:
        _package()


@contextmanager
def tracked(config: Config, stage: str, work: Path) -> Iterator[Callable[[dict], None] | None]:
    """A stage's run there, and what logs a row of the history to it; None where the config asks for none.

    Args:
        config: the whole experiment, which the run shows.
        stage: its name.
        work: the folder in which the run is made; keeps the id, so that a resumed training continues that one.

    Raises:
        TrackingError: the package is missing or refuses.
    """
    if not config.tracking.wandb:
        yield None
        return
    run = _start(config, stage, work)
    code = 1  # until the end is reached, the run has failed
    try:
        yield lambda row: run.log(dict(row), step=row["epoch"])
        code = 0
    finally:
        run.finish(exit_code=code)


def _start(config: Config, stage: str, work: Path) -> Any:
    settings, wandb = config.tracking, _package()
    try:
        return wandb.init(
            project=settings.project,
            group=settings.group or config.run_dir,
            name=f"{config.run_dir}/{stage}",
            job_type=stage,
            id=_stable_id(work / ID),
            resume="allow",
            mode=os.environ.get("WANDB_MODE") or settings.mode,
            dir=str(work),
            config=as_dict(config),
        )
    except wandb.Error as error:
        raise TrackingError(
            f"tracking.wandb=true: {' '.join(str(error).split())}; tracking.mode=offline needs no account"
        ) from error


def _package() -> Any:
    try:
        return importlib.import_module("wandb")
    except ImportError as error:
        raise TrackingError(
            f"tracking.wandb=true needs the package wandb, received {error}; "
            "pip install wandb, or leave tracking.wandb out"
        ) from error


def _stable_id(file: Path) -> str:
    """The id that is kept there, or a new one."""
    if not file.is_file():
        file.write_text(uuid.uuid4().hex[:12], encoding="utf-8")
    return file.read_text(encoding="utf-8")
