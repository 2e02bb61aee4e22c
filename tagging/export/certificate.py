"""The certificate of an export: how far the file, in its own runtime, is from the run that it came from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from foundation.words import counted
from tagging.evaluation.task_kinds import metric_title
from tagging.export.errors import ExportError


@dataclass(frozen=True)
class Difference:
    """Between an export and its run, on some windows.

    Attributes:
        windows: how many.
        scores, logits: the largest differences.
        rank_changes: windows whose five likeliest labels are others, or in another order, by more than rounding.
        rounding: how far the run's own scores move when its input is off by rounding; 0: not measured.
    """

    windows: int
    scores: float
    logits: float
    rank_changes: int
    rounding: float = 0.0


@dataclass(frozen=True)
class Certificate:
    """What was found.

    Attributes:
        format, runtime, precision: what was compared.
        clips: how many of the run's own.
        own: on these; None: there are none.
        awkward: on awkward clips, by name.
        note: why the run has no clips of its own.
        metric: name of the task's metric, and its values by the run and by the export on its own clips.
        tolerance: how far scores may be apart; None: weights are quantised.
        size_bytes: of the model.
        ms_per_input: on one thread, one input at a time, the fastest of several calls.
        ms_per_second: of audio, the same; None: features.
        not_built_in: operators that other installations of the runtime may lack.
    """

    format: str
    runtime: str
    precision: str
    clips: int
    own: Difference | None
    awkward: dict[str, Difference]
    note: str
    metric: tuple[str, float, float] | None
    tolerance: float | None
    size_bytes: int
    ms_per_input: float
    ms_per_second: float | None
    not_built_in: tuple[str, ...]

    @property
    def all(self) -> Difference:
        """On all windows."""
        found = [*([self.own] if self.own else []), *self.awkward.values()]
        return Difference(
            sum(each.windows for each in found),
            largest([each.scores for each in found]),
            largest([each.logits for each in found]),
            sum(each.rank_changes for each in found),
        )

    @property
    def verdict(self) -> str:
        """One line on a file that `check` lets pass."""
        if self.tolerance is None:
            return f"no limit for {self.precision} weights: the metric and the ranks say what they cost"
        limit = f"limit {self.tolerance:.2g}"
        if self.all.scores > self.tolerance:
            limit += ", on awkward clips at least twice the run's own rounding"
        return f"passed: scores differ by at most {self.all.scores:.2g} ({limit})"

    def check(self) -> None:
        """Raises ExportError for a file that is not what the run is."""
        if self.not_built_in:
            raise ExportError(
                f"expected built-in operators only, received {', '.join(self.not_built_in)}; nothing was written"
            )
        worst, (name, found) = self.all, self._worst
        if not np.isfinite([worst.scores, worst.logits]).all():
            raise ExportError("the exported model returns values that are not finite; nothing was written")
        if self.tolerance is not None and found.scores > (allowed := self._allowed(found)):
            raise ExportError(
                f"the exported model's scores differ from the run's by {found.scores:.2g}, more than "
                f"{allowed:.2g}, on {name}; nothing was written"
            )

    def _allowed(self, found: Difference) -> float:
        """No program can be nearer to the run than the run is to itself."""
        return max(self.tolerance or 0.0, 2 * found.rounding)  # both round

    @property
    def _worst(self) -> tuple[str, Difference]:
        """The clips that are furthest over what is allowed."""
        own = {"a clip of its own": self.own} if self.own else {}
        return max({**own, **self.awkward}.items(), key=lambda each: each[1].scores - self._allowed(each[1]))


def largest(values: Sequence[float]) -> float:
    """The maximum, NaN if there is one."""
    return float(np.max(values)) if len(values) else 0.0


def as_json(certificate: Certificate) -> dict[str, Any]:
    """The content of `parity.json`."""
    worst, metric = certificate.all, certificate.metric
    return {
        "format": certificate.format,
        "runtime": certificate.runtime,
        "precision": certificate.precision,
        "largest_difference": {"scores": worst.scores, "logits": worst.logits},
        "allowed_difference_of_scores": certificate.tolerance,
        "rank_changes": worst.rank_changes,
        "windows": worst.windows,
        "own_clips": {"clips": certificate.clips, "note": certificate.note, **_as_json(certificate.own)},
        "awkward_clips": {name: _as_json(each) for name, each in certificate.awkward.items()},
        "metric": metric and {"name": metric[0], "run": metric[1], "export": metric[2]},
        "bytes": certificate.size_bytes,
        "ms_per_input": round(certificate.ms_per_input, 3),
        "ms_per_second_of_audio": certificate.ms_per_second and round(certificate.ms_per_second, 3),
        "operators_not_built_in": list(certificate.not_built_in),
    }


def _as_json(found: Difference | None) -> dict[str, Any]:
    return vars(found) if found else {}


def as_table(certificate: Certificate) -> list[tuple[str, str]]:
    """Rows of names and values, for a screen or a page."""
    worst, own, metric = certificate.all, certificate.own, certificate.metric
    of_audio = certificate.ms_per_second
    speed = f"{certificate.ms_per_input:.3g} ms an input" if of_audio is None else f"{of_audio:.3g} ms"
    per = "on one thread" if of_audio is None else "a second of audio, on one thread"
    rows = [
        ("runtime", certificate.runtime),
        ("weights", certificate.precision),
        ("compared on", f"{counted(worst.windows, 'window')}: {_compared(certificate)}"),
        ("largest difference of scores", _with_own(worst.scores, own.scores if own else None)),
        ("largest difference of logits", _with_own(worst.logits, own.logits if own else None)),
        ("windows with other ranks", f"{worst.rank_changes} of {worst.windows}"),
        ("size", f"{certificate.size_bytes / 1e6:.3g} MB"),
        ("speed", f"{speed} {per}"),
        ("operators that are not built in", ", ".join(certificate.not_built_in) or "none"),
        ("verdict", certificate.verdict),
    ]
    if metric:
        rows.insert(
            6, (f"{metric_title(metric[0])} of its own clips", f"{metric[2]:.4f} (the run: {metric[1]:.4f})")
        )
    return rows


def _with_own(worst: float, own: float | None) -> str:
    return f"{worst:.2g}" if own is None else f"{worst:.2g} ({own:.2g} on its own clips)"


def _compared(certificate: Certificate) -> str:
    own = f"{certificate.clips} validation clips" if certificate.own else f"no own clips ({certificate.note})"
    return f"{own}, {len(certificate.awkward)} awkward ones"
