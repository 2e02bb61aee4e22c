"""What an exported model says of itself: all that a program needs to use it, as JSON inside the file."""

import json
from dataclasses import dataclass, fields
from math import isfinite
from typing import Any

from foundation.settings import as_dict
from tagging.datasets.table import TEST
from tagging.export.graph import LOGITS, SCORES, Graph
from tagging.runs.run import Run, name_of

NAME = "audio_tagging.json"  # its name where a format keeps files
KEY = "audio_tagging"  # where a format keeps texts by key
_VERSION = 1


@dataclass(frozen=True)
class About:
    """The facts of an exported model.

    Attributes:
        name: of the runs' folders.
        task: `multilabel`, `multiclass` or `regression`.
        labels: in the order of the scores.
        thresholds: one per label, for the scores.
        inputs: name, shape of one input, rate in Hz (None: features), and how clips become windows.
        outputs: name of each output -> what it is.
        cleaning: how audio is prepared before it is cut; None: features.
        scoring: from the logits of a clip's windows to the scores of the clip.
        precision: of the weights.
    """

    name: str
    task: str
    labels: tuple[str, ...]
    thresholds: tuple[float, ...]
    inputs: dict[str, Any]
    outputs: dict[str, str]
    cleaning: dict[str, Any] | None
    scoring: dict[str, Any]
    precision: str

    def as_json(self) -> str:
        """On one line; labels as they are, in UTF-8."""
        content = {part.name: getattr(self, part.name) for part in fields(self)}
        return json.dumps({"version": _VERSION, **content}, ensure_ascii=False)

    @property
    def window_s(self) -> float | None:
        """Seconds of one input; None: features."""
        rate_hz = self.inputs["rate_hz"]
        return self.inputs["shape"][0] / rate_hz if rate_hz else None

    @property
    def labels_text(self) -> str:
        """One label on each line."""
        return "".join(f"{label}\n" for label in self.labels)


def about(graph: Graph, precision: str) -> About:
    """The facts of a graph whose weights are stored with this precision."""
    run, ensemble = graph.ensemble.runs[0], graph.ensemble
    return About(
        name=", ".join(name_of(member.path, member.runs[0].info.get("stage")) for member in ensemble.members),
        task=ensemble.kind.name,
        labels=ensemble.classes,
        thresholds=tuple(float(each) for each in graph.calibrated.thresholds),
        inputs=_inputs(graph, run),
        outputs={
            SCORES: "calibrated scores of a window, one per label",
            LOGITS: "what the networks return before calibration, the labels of one run after the other",
        },
        cleaning=_cleaning(run) if graph.takes_audio else None,
        scoring={
            "average": run.config.window.average,
            "temperatures": graph.calibrated.temperatures,
            "runs_of_members": [len(member.runs) for member in ensemble.members],
            "weights": list(ensemble.weights or [1.0] * len(ensemble.members)),
            "method": ensemble.method,
            "floor_db": graph.floor_db if isfinite(graph.floor_db) else None,
        },
        precision=precision,
    )


def _inputs(graph: Graph, run: Run) -> dict[str, Any]:
    shape = {"name": graph.input_name, "shape": list(graph.shape)}
    if not graph.takes_audio:
        return {**shape, "rate_hz": None}
    window, rate_hz = run.config.window, run.config.cleaning.rate_hz
    hop_s = window.hop_s * graph.shape[0] / window.window_samples(rate_hz)
    return {
        **shape,
        "rate_hz": rate_hz,
        "hop_samples": max(1, round(hop_s * rate_hz)),
        "short": window.short,
        "only_first": window.only_first,
    }


def _cleaning(run: Run) -> dict[str, Any]:
    """As for test clips."""
    cleaning = run.config.cleaning
    return {
        "remove_silence": cleaning.remove_silence,
        "min_kept_s": cleaning.min_kept_s,
        "rules": as_dict(cleaning.rules_for(TEST)),
    }
