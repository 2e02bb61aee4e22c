"""One fold in a process of its own. Imports no backend, as `tagging.training.workers` asks."""

from collections.abc import Sequence

from tagging.cli import backend
from tagging.config.schema import Config


def train_fold(config: Config, stages: Sequence[str], jobs: int, force: bool) -> None:
    """Train the stages of a fold; arguments as of `train_stage`."""
    backend.quiet_tensorflow(jobs)
    from tagging.training.train import train_stage

    for stage in stages:
        train_stage(config, stage, jobs=jobs, force=force)
