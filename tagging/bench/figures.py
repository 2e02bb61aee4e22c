"""What is to be measured, what was found, and how it is shown."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from foundation.words import counted

REAL_TIME, IMAGES = "times real time", "images/s"


class Plan(NamedTuple):
    """How much is measured.

    Attributes:
        files: made-up recordings of `CLIP_S`.
        clean: folder for their clean audio.
        networks: that are trained and tag.
        jobs: cores to use.
        batch_size: images of a training step.
        rounds: of each measurement.
    """

    files: Sequence[Path]
    clean: Path
    networks: Sequence[str]
    jobs: int
    batch_size: int
    rounds: int


class Figure(NamedTuple):
    """One result: of which step, of what in it, how many a second, and of what."""

    step: str
    name: str
    value: float
    unit: str


def as_json(machine: Mapping[str, Any], figures: Sequence[Figure]) -> dict[str, Any]:
    """Machine and figures."""
    return {"machine": machine, "figures": [figure._asdict() for figure in figures]}


def as_text(machine: Mapping[str, Any], figures: Sequence[Figure]) -> str:
    """A table."""
    width = max(len(row.name) for row in figures)
    lines = [line_of(row, width) for row in figures]
    cores, gpus = counted(machine["cores"], "core"), counted(len(machine["gpus"]), "GPU")
    return "\n".join([f"{machine['processor']}: {machine['jobs']} of {cores}, {gpus}", *lines])


def line_of(row: Figure, width: int = 0) -> str:
    """A figure, with its name in a column of this width."""
    return f"{row.step:<9}  {row.name:<{width}}  {rate(row.value):>8} {row.unit}"


def rate(value: float) -> str:
    """`2,516`; below 10 with one decimal, `4.7`."""
    return f"{value:.1f}" if value < 9.95 else f"{value:,.0f}"
