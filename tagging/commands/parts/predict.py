"""What `predict.py` does with a data set: test clips -> a CSV, and the score where answers are known."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from foundation.claims import claimed
from foundation.settings import as_dict
from foundation.shards import Shard
from foundation.streams import is_stream
from foundation.words import some
from submissions.outputs import PREDICT, class_table_file, confusion_file, prediction_files, scores_file
from submissions.shards import read_shards, remove_shards, write_shard
from tagging.commands.parts.predicted import show_refused, write_predicted
from tagging.config.load import differing_keys
from tagging.config.schema import Config
from tagging.datasets.answers import Answers, answers_for
from tagging.datasets.csv_files import write_csv
from tagging.datasets.holdout import read_with_test_clips
from tagging.datasets.splits import read_split
from tagging.datasets.table import DRAWN_FROM, TEST, Dataset, DatasetError
from tagging.evaluation.checks import EvaluationError
from tagging.evaluation.multiclass import confusion_table
from tagging.inference.figures import loss_of
from tagging.inference.scoring import ClipLogits, score_members, score_shard
from tagging.plots.confusion import confusion_plot
from tagging.report.text import by_usage, score_report, window_report
from tagging.runs.ensembles import Ensemble
from tagging.runs.run import INHERITED, SPLIT, Run, RunError
from tagging.runs.scores_file import write_figures


def predict_test(
    config: Config,
    ensemble: Ensemble,
    out: Path,
    jobs: int,
    *,
    report: bool = False,
    shard: Shard | None = None,
) -> int:
    """Predict the data set's test clips and write `out`; an exit code.

    Where answers are known, scores are printed and written next to `out`: metrics, the table of classes, and with one
    label per clip the confusions. Clips without usable audio get the classes' training shares, are scored with them,
    and are listed next to `out`.

    Args:
        config: names the data set.
        ensemble: what predicts.
        out: the CSV to write.
        jobs: clips read in parallel.
        report: also compare averaging over windows with one window.
        shard: only predict this part, and leave it next to `out`; without it, such parts are put together, and what is
            missing is predicted.
    """
    dataset = read_with_test_clips(config.dataset, config.split, config.seed)
    if ensemble.kind.name != dataset.task:
        raise RunError(
            f"expected a run of the task {dataset.task} (dataset.task), {ensemble.members[0].path} is of "
            f"{ensemble.kind.name}"
        )
    ours, theirs = set(ensemble.classes), set(dataset.classes)
    takes_all = dataset.sample_submission is not None or not dataset.has_labels
    if ours != theirs if takes_all else not ours & theirs:
        raise RunError(
            f"expected the classes of {config.dataset.root} in {ensemble.members[0].path}, received other ones: "
            f"{some(sorted(ours - theirs) or sorted(theirs - ours))}"
        )
    if TEST not in set(dataset.clips["split"]):
        raise DatasetError(
            f"{config.dataset.root} has no test clips: train.py --folds 5 scores each clip by a run that was not "
            "trained on it, split.test_share draws test clips before training, and predict.py --audio PATH takes any "
            "files"
        )
    if DRAWN_FROM in dataset.clips:
        _check_not_trained_on(dataset.of(TEST)["fname"], config, ensemble.runs)
    answers = answers_for(dataset, ensemble.classes)
    if answers.foreign:
        n_foreign = int((dataset.answered(dataset.of(TEST)) & ~answers.is_known).sum())
        print(
            f"labels that are not among the run's classes are no answers: {some(answers.foreign)}; {n_foreign} test "
            "clips that have no other label are predicted, but not scored",
            file=sys.stderr,
        )
    if report and not answers.is_known.any():
        raise EvaluationError(f"--report needs test clips with answers, and {config.dataset.root} has none")
    if shard:
        shards = read_shards(out, shard)
        arrays = score_shard(ensemble.runs, answers.clips, config, jobs, shard, shards)
        write_shard(PREDICT, out, shard, arrays)
        return 0
    files = prediction_files(out, len(ensemble.members), has_answers=bool(answers.is_known.any()))
    with claimed(PREDICT, files, inputs=[*dataset.files, *config.dataset.files]):
        return _predict_test(config, ensemble, dataset, answers, out, jobs, report)


def _check_not_trained_on(fnames: Iterable[str], config: Config, runs: Sequence[Run]) -> None:
    """Refuse runs that know test clips that were drawn: they, or runs they build on, trained or validated on them."""
    test = {*fnames}
    for run in runs:
        own = sorted(test & {*read_split(run.path / SPLIT).index})
        if known := own or sorted(test & {*run.info.get(INHERITED, ())}):
            how = "which trained" if own else "which builds on a run that trained"
            advice = (
                _advice(config, run) if own else "choose runs built on runs of one seed, share and data set"
            )
            raise RunError(
                f"expected runs that know no test clip (drawn by split.test_share and seed), received {run.path} (seed="
                f"{run.config.seed}, split.test_share={run.config.split.test_share:g}), {how} or validated on "
                f"{some(known)}: {advice}"
            )


def _advice(config: Config, run: Run) -> str:
    """Why a run knows test clips that are drawn from its own data set, and what to do."""
    if (run.config.seed, run.config.split.test_share) != (config.seed, config.split.test_share):
        return "choose runs of one seed and share"
    lines = differing_keys(as_dict(run.config.dataset), as_dict(config.dataset), "dataset")
    keys = ", ".join(line.partition(":")[0] for line in lines) or "its files"
    return (
        f"seed and share are equal, but the draw moved, since the data set is another ({keys}); set dataset.* as in "
        "training, or train again"
    )


def _predict_test(
    config: Config,
    ensemble: Ensemble,
    dataset: Dataset,
    answers: Answers,
    out: Path,
    jobs: int,
    report: bool,
) -> int:
    shards = read_shards(out)
    shards.tell_missing()
    parts, refused = score_members(ensemble, answers.clips, config, jobs, shards)
    names = list(answers.clips["fname"])
    scores = write_predicted(
        out, dataset.sample_submission, names, [part.logits for part in parts], ensemble, refused
    )
    remove_shards(PREDICT, out)
    known, targets = answers.is_known, answers.targets
    clips = answers.clips[known]
    if known.any():
        _show_scores(out, dataset, answers, scores, parts, ensemble)
    if report:
        both = {
            name: (every[known], one[known])
            for name, (every, one) in _both_ways(parts, scores, ensemble).items()
        }
        if both:
            print("\n" + window_report(ensemble.kind, targets, both, list(clips["group"]), config.seed))
    if refused:
        what = f"test clips could not be used and have {_scores_without_audio(ensemble)}"
        show_refused(out, refused, len(names), what)
    return 1 if refused else 0


def _scores_without_audio(ensemble: Ensemble) -> str:
    has_shares = ensemble.kind.has_labels and all("train_mean" in run.info for run in ensemble.runs)
    return "the classes' training shares as scores" if has_shares else "mean scores"


def _show_scores(
    out: Path,
    dataset: Dataset,
    answers: Answers,
    scores: np.ndarray,
    parts: Sequence[ClipLogits],
    ensemble: Ensemble,
) -> None:
    """Print the scores of the clips with known answers, and write them next to `out`, if there is such a place."""
    kind, known, targets = ensemble.kind, answers.is_known, answers.targets
    table = kind.table(targets, scores[known], ensemble.classes)
    reports = by_usage(kind, targets, scores[known], list(answers.clips["fname"][known]), dataset.usage)
    print(score_report(kind, table, reports))
    logits = [part.logits[known] for part in parts]
    loss = _loss(ensemble, targets, logits)
    for value in loss.values():
        print(f"{'loss':>8}  {value:.4f}   (as in training)")
    of_members = [
        (member, {**kind.report(targets, own), **_loss(Ensemble((member,), "mean", None), targets, [own])})
        for member, own in zip(ensemble.members, logits, strict=True)
    ]
    for member, figures in of_members if len(of_members) > 1 else []:
        print(f"{'alone':>8}  {kind.line(figures)}   ({member})")
    if is_stream(out):
        return
    write_figures(scores_file(out), {**reports, "all": {**reports["all"], **loss}}, of_members)
    write_csv(class_table_file(out), table)
    if kind.is_single_label:
        confusions = confusion_table(targets, scores[known], ensemble.classes)
        write_csv(confusion_file(out), confusions, index=True)
        confusion_plot(confusions, confusion_file(out).with_suffix(".png"))


def _loss(ensemble: Ensemble, targets: np.ndarray, logits: Sequence[np.ndarray]) -> dict[str, float]:
    """`loss`, where there is one, as in `loss_of`."""
    loss = loss_of(ensemble, targets, logits)
    return {} if loss is None else {"loss": loss}


def _both_ways(
    parts: Sequence[ClipLogits], scores: np.ndarray, ensemble: Ensemble
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Of each model of audio, and of the ensemble if all are: scores over all windows, and of the loudest."""
    found = {
        str(member): (part.logits, part.loudest)
        for member, part in zip(ensemble.members, parts, strict=True)
        if part.loudest is not None
    }
    if len(found) == len(parts) > 1:
        found["ensemble"] = scores, ensemble.combine([one for _, one in found.values()])
    return found
