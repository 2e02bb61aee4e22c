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


PUBLISHED = (
    ("BirdNET, laptop of 4 cores", 49.0),
    ("BirdNET, desktop of 8 cores", 416.0),
    ("BirdNET, Titan RTX", 2702.0),
)
"""Seconds of audio that others tag in a second, as they say: another network, on other machines."""


def as_json(machine: Mapping[str, Any], figures: Sequence[Figure]) -> dict[str, Any]:
    """Machine, figures, and what others published."""
    published = [{"name": name, "value": value, "unit": REAL_TIME} for name, value in PUBLISHED]
    return {"machine": machine, "figures": [figure._asdict() for figure in figures], "published": published}


def as_text(machine: Mapping[str, Any], figures: Sequence[Figure]) -> str:
    """A table; what others published comes last."""
    rows = [*figures, *(Figure("published", name, value, REAL_TIME) for name, value in PUBLISHED)]
    width = max(len(row.name) for row in rows)
    lines = [f"{row.step:<9}  {row.name:<{width}}  {row.value:>8,.0f} {row.unit}" for row in rows]
    cores, gpus = counted(machine["cores"], "core"), counted(len(machine["gpus"]), "GPU")
    return "\n".join([f"{machine['processor']}: {machine['jobs']} of {cores}, {gpus}", *lines])
