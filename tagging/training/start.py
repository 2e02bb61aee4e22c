"""Where a stage starts from, and whether it is the stage that was begun or finished before."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from foundation.files import content_hash
from foundation.settings import as_dict, completed
from models.registry import NETWORKS
from models.settings import ModelSettings
from tagging.config.load import differing_keys
from tagging.config.schema import Config
from tagging.config.selection import SELECTED
from tagging.config.stage import StageSettings
from tagging.datasets.table import NOISY
from tagging.runs.run import INFO, MODEL, SHAPING, Run, RunError, read_run
from tagging.training.clips_digest import NO_CLIPS, clips_digest, why_not_comparable
from tagging.training.data import StageData
from tagging.training.stage import Stage

_BUILT_ON = ("init_finished", "selection_finished")
_WEIGHTS = "weights_hash"  # None in identities of older code, which did not know it
_NOISY_HELD = "noisy_validation_clips"  # of stages that noisy clips validate; not in identities of older code
_TABLES = {
    "train_clips": "other clips to train on, or other labels or sound",
    "validation_clips": "other clips are held out, or have other labels or sound",
    _NOISY_HELD: "other noisy clips are held out",
    "background_clips": "other background clips",
}  # what a digest that differs means
_OF_CONFIG = ("seed", "deterministic", *SHAPING)
_NOT_SHAPING = (
    "weights",
    "weights_sha256",
    "dropout",
    "freeze_batch_norm",
)  # keys of `model` that leave the layers


def initial_run(stage: Stage) -> Run | None:
    """The run whose weights this stage starts from; None: it starts from `model.weights`."""
    init = stage.settings.init
    if init == "none":
        return None
    hint = f"; stages.{stage.name}.init=none trains without it" if init == "previous" else ""
    return _named_run(stage, "init", init, hint)


def teacher_runs(stage: Stage) -> list[Run]:
    """The runs that select noisy clips for this stage; none where no source of it asks for that."""
    if SELECTED not in stage.settings.sources:
        return []
    selection = stage.settings.selection
    others = [_named_run(stage, "selection.others", path) for path in selection.others]
    return [_named_run(stage, "selection.model", selection.model), *others]


def _named_run(stage: Stage, key: str, value: str, hint: str = "") -> Run:
    names = list(stage.config.stages)
    before = names[names.index(stage.name) - 1]
    previous = Path(stage.config.run_dir) / before
    if value == "previous" and not (previous / INFO).is_file():
        hint = f": run train.py --stage {before} first{hint}"
    try:
        return read_run(previous if value == "previous" else Path(value))
    except RunError as error:
        raise RunError(f"stages.{stage.name}.{key}={value}: {error}{hint}") from error


def identity(stage: Stage, data: StageData, start: Run | None, teachers: Sequence[Run]) -> dict[str, Any]:
    """All that the stage's result depends on: settings, clips by name and sound, and the runs it builds on."""
    whole = as_dict(stage.config)
    return {
        "seed": stage.config.seed,
        "task": data.dataset.task,
        "classes": ", ".join(data.dataset.classes),
        "deterministic": stage.config.deterministic,
        **{key: whole[key] for key in SHAPING},
        "stage": whole["stages"][stage.name],
        "train_clips": clips_digest(data.train),
        "validation_clips": clips_digest(data.held_out),
        _NOISY_HELD: clips_digest(data.validation) if data.noisy else NO_CLIPS,
        "background_clips": clips_digest(data.backgrounds),
        _WEIGHTS: None if start else _weights_hash(stage.config.model),
        "init_finished": start.info["finished"] if start else None,
        "selection_finished": ", ".join(teacher.info["finished"] for teacher in teachers) or None,
    }


def _weights_hash(model: ModelSettings) -> str | None:
    """Of the file, or the run's model, that the network's weights come from; None: there is none."""
    published = {"none", *(network.PUBLISHED for network in NETWORKS.values())}
    path = Path(model.weights)
    return (
        None if model.weights in published else content_hash(path / MODEL if path.is_dir() else path) or None
    )


def check_teacher(new: dict[str, Any], classes: tuple[str, ...], teacher: Run, stage: str) -> None:
    """Refuse a run that scores other classes or other audio, and say where it knows the validation clips."""
    key, old = f"stages.{stage}.selection", _completed(teacher.info["identity"])
    if teacher.task != new["task"]:
        raise RunError(
            f"{key}: expected a run of the task {new['task']}, {teacher.path} is of {teacher.task}"
        )
    _check_classes(key, teacher, classes)
    if lines := differing_keys(old["cleaning"], new["cleaning"]):
        raise RunError(
            f"{key}: {teacher.path} was trained on audio cleaned with other settings ({'; '.join(lines)})"
        )
    if old["validation_clips"] != new["validation_clips"] or _may_know_noisy(old, new):
        print(
            f"{teacher.path} may have been trained on validation clips of this stage: its selection may favour them"
            f"{_doubt(old, new)}"
        )


def _check_classes(key: str, run: Run, classes: tuple[str, ...]) -> None:
    if run.classes != classes:
        raise RunError(
            f"{key}: expected the classes of this data set in {run.path}, received others; model.weights takes the "
            "layers of a run of other classes, or another task"
        )


def check_start(new: dict[str, Any], classes: tuple[str, ...], start: Run, stage: str) -> None:
    """Refuse weights that were trained for other images or classes, or on clips that this stage validates with."""
    _check_classes(f"stages.{stage}.init", start, classes)
    old = _completed(start.info["identity"])
    holds_out_others = old["validation_clips"] != new["validation_clips"]
    if new["stage"]["init"] == "previous":
        lines = differing_keys(_part(old, *SHAPING), _part(new, *SHAPING))
        if holds_out_others:
            reason = why_not_comparable(old["validation_clips"], new["validation_clips"])
            lines.append(reason or "other clips were held out for validation")
    else:
        lines = differing_keys(_images(old), _images(new))
    if not lines and (holds_out_others or _may_know_noisy(old, new)):
        print(
            f"{start.path} may have been trained on validation clips of this stage: scores may be too optimistic"
            f"{_doubt(old, new)}"
        )
    if lines:
        raise RunError(
            f"stages.{stage}.init: {start.path} was trained with other settings ({'; '.join(lines)}); "
            "train it again with these, or start from init: none"
        )


def _doubt(old: dict[str, Any], new: dict[str, Any]) -> str:
    """What to add where it cannot be told which clips two identities hold out."""
    reasons = (why_not_comparable(old[key], new[key]) for key in ("validation_clips", _NOISY_HELD))
    return next((f" ({reason}; train it again to be sure)" for reason in reasons if reason), "")


def _may_know_noisy(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Whether a run may have been trained on noisy clips that validate this stage."""
    if new[_NOISY_HELD] in (NO_CLIPS, old[_NOISY_HELD]):
        return False
    sees_noisy = {NOISY, SELECTED} & {*old["stage"]["sources"]} or old.get(
        "background_clips", NO_CLIPS
    ) != NO_CLIPS
    return bool(sees_noisy or old["init_finished"] or Path(old["model"]["weights"]).is_dir())


def check_same(old: dict[str, Any], new: dict[str, Any], folder: Path, stage: str) -> None:
    """Refuse to go on with, or to keep, what was made with other settings or clips."""
    lines = differences(old, new, stage)
    if lines and lines[0].startswith(_BUILT_ON):  # all that differs: they come last
        is_start = lines[0].startswith(_BUILT_ON[0])
        raise RunError(
            f"{folder} was trained {'from' if is_start else 'on clips selected by'} an older version of its "
            f"{'init' if is_start else 'selection'} run; --stage {stage} --force retrains it from scratch"
        )
    if lines:
        raise RunError(
            f"{folder} was made with other settings ({'; '.join(lines)}); --stage {stage} --force "
            "retrains it from scratch, another run_dir keeps both"
        )


def differences(old: dict[str, Any], new: dict[str, Any], stage: str) -> list[str]:
    """A line per setting, table of clips or file of weights that has changed since an identity was stored."""
    old, new = _completed(old), dict(new)
    if not (old[_WEIGHTS] and new[_WEIGHTS]):  # not known, or gone
        del old[_WEIGHTS], new[_WEIGHTS]
    lines = differing_keys(_with_full_keys(old, stage), _with_full_keys(new, stage))
    return list(dict.fromkeys(_in_words(line, old, new) for line in lines))


def _in_words(line: str, old: dict[str, Any], new: dict[str, Any]) -> str:
    key = line.partition(":")[0]
    return (key in _TABLES and why_not_comparable(old.get(key, NO_CLIPS), new[key])) or _TABLES.get(key, line)


def _completed(old: dict[str, Any]) -> dict[str, Any]:
    """An identity that older code stored, with the defaults of the settings that did not exist then."""
    known = completed({key: old[key] for key in _OF_CONFIG if key in old}, Config)
    settings = {key: known[key] for key in _OF_CONFIG}
    return {
        _WEIGHTS: None,
        _NOISY_HELD: NO_CLIPS,
        **settings,
        **old,
        **settings,
        "stage": completed(old["stage"], StageSettings),
    }


def _with_full_keys(whole: dict[str, Any], stage: str) -> dict[str, Any]:
    """As a user would write the keys."""
    names = {"stage": f"stages.{stage}", _WEIGHTS: "contents of model.weights"}
    return {names.get(key, key): value for key, value in whole.items()}


def _images(whole: dict[str, Any]) -> dict[str, Any]:
    """What decides the images and the network that takes them."""
    return {
        "cleaning": _part(whole["cleaning"], "rate_hz", "features"),
        "frontend": whole["frontend"],
        "model": {key: value for key, value in whole["model"].items() if key not in _NOT_SHAPING},
    }


def _part(whole: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: whole.get(key, "absent") for key in keys}
