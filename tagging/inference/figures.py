"""Figures of a data set's test clips whose answers are known: the loss that trained, and the metrics."""

from collections.abc import Sequence

import numpy as np

from tagging.config.schema import Config
from tagging.datasets.answers import answers_for
from tagging.datasets.holdout import read_with_test_clips
from tagging.inference.scoring import score_members
from tagging.losses.registry import mean_loss
from tagging.runs.ensembles import Ensemble
from tagging.runs.folds import Member
from tagging.runs.run import Run


def figures_of_test_clips(run: Run, config: Config, jobs: int) -> dict[str, float]:
    """`test_loss` and `test_METRIC` of a run.

    Args:
        run: of the data set's classes.
        config: names the data set, which has test clips with answers.
        jobs: clips read in parallel.
    """
    dataset = read_with_test_clips(config.dataset, config.split, config.seed)
    answers = answers_for(dataset, run.classes)
    ensemble = Ensemble((Member(run.path, (run,)),), "mean", None)
    [part], _ = score_members(ensemble, answers.clips, config, jobs)
    logits = part.logits[answers.is_known]
    figures = {
        "loss": loss_of(ensemble, answers.targets, [logits]),
        **run.kind.report(answers.targets, logits),
    }
    return {f"test_{key}": float(value) for key, value in figures.items() if value is not None}


def loss_of(ensemble: Ensemble, targets: np.ndarray, logits: Sequence[np.ndarray]) -> float | None:
    """The mean loss of what an ensemble predicts, as its runs were trained with it.

    None where runs were trained with different losses, or do not say with which, or where scores are ranks.

    Args:
        ensemble: what predicted.
        targets: (clips, classes).
        logits: one (clips, classes) matrix a member.
    """
    stages = [run.config.stages.get(run.info.get("stage", "")) for run in ensemble.runs]
    losses = {stage.loss if stage else None for stage in stages}
    loss = losses.pop()
    if losses or loss is None or ensemble.method == "rank":
        return None
    joined = logits[0] if len(logits) == 1 else ensemble.kind.activation.inverse(ensemble.combine(logits))
    return mean_loss(loss, ensemble.kind.name, targets, joined)
