"""The sections of what made a run: data, settings, machine, commands."""

import shlex
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from tagging.config.schema import Config
from tagging.config.selection import SELECTED
from tagging.datasets.splits import read_split
from tagging.datasets.table import NOISY, TEST, Dataset
from tagging.report.html import NOTHING, Html, element, folded, paragraph, section, table
from tagging.report.material import Material
from tagging.runs.run import CONFIG, NOISY_SPLIT, SPLIT, Run

_PARTS = {"train": "trained on", "validation": "held out"}  # of such a table


def data_table(material: Material, dataset: Dataset) -> pd.DataFrame:
    """How many clips: `split`, `label`, `clips`; one row per split, without a label, and one for each of its labels."""
    rows = []
    for name, clips in _parts(material, dataset):
        rows.append((name, "", len(clips)))
        if dataset.has_labels and dataset.answered(clips).any():
            counts = dataset.targets(clips).sum(axis=0).astype(int)
            rows += [(name, label, n) for label, n in zip(dataset.classes, counts, strict=True)]
    return pd.DataFrame(rows, columns=["split", "label", "clips"])


def data_section(material: Material, data: pd.DataFrame | None) -> Html:
    """Clips of each split, of each class, and what trained; table from `data_table`."""
    config = material.run.config
    rows = [("layout", config.dataset.layout), ("folder", config.dataset.root), ("task", material.kind.name)]
    rows += [("classes" if material.kind.has_labels else "targets", f"{len(material.run.classes)}")]
    for run in material.member.runs:
        name = f"{run.path.parent.name}: " if material.member.has_folds else ""
        rows.append(
            (f"{name}this stage", f"{info_of(run, 'train_clips')} training clips, {_validation_clips(run)}")
        )
    parts = [table(("", ""), rows, class_="facts")]
    if material.dataset is not None and data is not None:
        parts += _dataset_tables(material, material.dataset, data)
        parts.append(paragraph("Table: ", material.csv("data"), "."))
    return section("data", "Data", *parts)


def _validation_clips(run: Run) -> str:
    return f"{info_of(run, 'validation_clips')} validation clips"


def info_of(run: Run, key: str) -> str:
    """A figure of `run.json`, or a dash if an older run lacks it."""
    value = run.info.get(key)
    return NOTHING if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def _dataset_tables(material: Material, dataset: Dataset, data: pd.DataFrame) -> Iterator[Html]:
    whole, of_labels = data[data["label"] == ""], data[data["label"] != ""]
    names = [_part_title(str(name)) for name in whole["split"]]
    yield table(("split", "clips"), zip(names, whole["clips"].tolist(), strict=True))
    if not dataset.has_labels:
        yield folded("Values of each target", _values(dataset, _parts(material, dataset)))
        return
    counts = {str(name): part["clips"].tolist() for name, part in of_labels.groupby("split", sort=False)}
    rows = zip(dataset.classes, *counts.values(), strict=True)
    yield folded("Clips of each class", table(("class", *map(_part_title, counts)), rows))


def _part_title(name: str) -> str:
    """`train, validation` of `split_parts` as `train (held out)`."""
    split, _, part = name.partition(", ")
    return f"{split} ({_PARTS[part]})" if part in _PARTS else name


def _parts(material: Material, dataset: Dataset) -> Iterator[tuple[str, pd.DataFrame]]:
    return split_parts(dataset, None if material.member.has_folds else material.path)


def split_parts(dataset: Dataset, run: Path | None) -> Iterator[tuple[str, pd.DataFrame]]:
    """The clips of each split by name, those of which some are held out by the part that the run's tables give them."""
    files = {dataset.checked: run / SPLIT, NOISY: run / NOISY_SPLIT} if run else {}
    for name in dict.fromkeys(dataset.clips["split"]):
        clips, file = dataset.of(name), files.get(name)
        if file is None or not file.is_file():
            yield name, clips
            continue
        of_clip = clips["fname"].map(read_split(file))
        for which in dict.fromkeys(of_clip.dropna()):
            yield f"{name}, {which}", clips[(of_clip == which).to_numpy()]


def _values(dataset: Dataset, parts: Iterator[tuple[str, pd.DataFrame]]) -> Html:
    rows = []
    for name, clips in parts:
        if not dataset.answered(clips).any():
            continue
        for target, values in zip(dataset.classes, dataset.targets(clips).T, strict=True):
            known = values[np.isfinite(values)].astype(float)
            rows.append((target, name, known.mean(), known.std(), known.min(), known.max()))
    return table(("target", "split", "mean", "deviation", "lowest", "highest"), rows)


def settings_section(material: Material) -> Html:
    """The whole config, folded."""
    text = (material.run.path / CONFIG).read_text(encoding="utf-8")
    name = str(material.run.path / CONFIG)
    return section("settings", "Settings", folded(name, element("pre", text)))


def machine_section(material: Material) -> Html:
    """Time, memory, device, sizes, versions."""
    run, runs = material.run, material.member.runs
    facts = [
        ("finished", max(str(each.info["finished"]) for each in runs)[:19].replace("T", " ") + " UTC"),
        ("training", f"{sum(each.info.get('seconds', 0.0) for each in runs):,.1f} s"),
        ("device", info_of(run, "device")),
        ("peak memory of the process", f"{info_of(run, 'peak_memory_mib')} MiB"),
        ("network", run.config.model.name),
        ("parameters", f"{info_of(run, 'parameters')}, {info_of(run, 'trainable_parameters')} trained"),
        ("seed", str(run.config.seed)),
    ]
    versions = table(
        ("package", "version"), [(name, str(n)) for name, n in run.info.get("versions", {}).items()]
    )
    return section(
        "machine",
        "Time, memory, versions",
        table(("", ""), facts, class_="facts"),
        folded("Versions", versions),
    )


def command_section(material: Material) -> Html:
    """The commands that reproduce the run."""
    note = (
        "Run these in the folder that the run was trained in, with the same data set and versions as above."
    )
    return section("again", "Reproduce", element("pre", "\n".join(commands(material))), paragraph(note))


def commands(material: Material) -> list[str]:
    """The commands that clean, train and, if there are test clips, predict as this run did, into another run_dir."""
    run = material.run
    given, config = f"--config {shlex.quote(str(run.path / CONFIG))}", run.config
    if material.member.has_folds:
        base, extra = str(material.path), f" --folds {len(material.member.runs)} split.file=null"
    else:
        base, extra = config.run_dir, ""
    again = f"{base}-again"
    out, made = shlex.quote(f"run_dir={again}"), Path(again)
    if not material.member.has_folds:
        made /= str(run.info["stage"])
    train = [
        f"python train.py {given} --stage {shlex.quote(stage)}{extra} {out}"
        for stage in _stages_to(config, str(run.info["stage"]))
    ]
    predict = f"python predict.py --runs {shlex.quote(str(made))}"
    return [
        f"python preprocess.py {given}",
        *train,
        *([predict] if material.dataset is None or TEST in set(material.dataset.clips["split"]) else []),
        f"python -m tagging report {shlex.quote(str(made))}",
    ]


def _stages_to(config: Config, stage: str) -> list[str]:
    """The stage, after those that it builds on."""
    names = list(config.stages)
    needed = [stage]
    while (place := names.index(needed[0])) > 0 and _builds_on_previous(config, needed[0]):
        needed.insert(0, names[place - 1])
    return needed


def _builds_on_previous(config: Config, stage: str) -> bool:
    settings = config.stage(stage)
    selects = SELECTED in settings.sources and settings.selection.model == "previous"
    return settings.init == "previous" or selects
