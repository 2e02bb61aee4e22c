"""What a tagger says of a clip, and of a clip over time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tagging.inference.presence import ROUNDING_S, check_lengths, presence, stretches

_SHOWN = 3  # tags in a `repr`


@dataclass(frozen=True, eq=False)
class Tags:
    """Scores of a clip.

    Attributes:
        names: of the classes (of regression: of the values), in the order of the model's outputs.
        scores: (classes,) float64: probabilities, calibrated where the run is; values in regression. 0 in silence.
        task, thresholds: as in `Timeline`.
        embedding: (features,) float32, the mean over the windows of what enters the last layer; None for an ensemble.
        silent: whether the clip is silence, which has no tags.
    """

    names: tuple[str, ...]
    scores: np.ndarray
    task: str
    thresholds: np.ndarray
    embedding: np.ndarray | None = None
    silent: bool = False

    def __repr__(self) -> str:
        best = [f"{name} {score:.3f}" for name, score in self.top(_SHOWN)]
        more = [f"{len(self.names) - _SHOWN} more"] if len(self.names) > _SHOWN else []
        return f"Tags({'silent' if self.silent else ', '.join(best + more)})"

    def top(self, k: int = 5) -> list[tuple[str, float]]:
        """The `k` highest scores with their names, the highest first; none of silence."""
        if self.silent:
            return []
        best = np.argsort(-self.scores, kind="stable")[:k]
        return [(self.names[number], float(self.scores[number])) for number in best]

    def present(self, threshold: float | None = None) -> list[tuple[str, float]]:
        """The labels that the clip has with their scores, the highest first; `threshold` as in `Timeline.segments`.

        Raises:
            TaggerError: of regression, which has no labels; a threshold that is not a probability.
        """
        found = presence(self.scores[None], np.array([self.silent]), self.task, self.thresholds, threshold)[0]
        labels = {self.names[number] for number in np.flatnonzero(found)}
        return [(name, score) for name, score in self.top(len(self.names)) if name in labels]


@dataclass(frozen=True)
class Segment:
    """A stretch of time with one label, in seconds of the raw file; `score` is the mean of its windows' scores."""

    start_s: float
    end_s: float
    label: str
    score: float


@dataclass(frozen=True, eq=False)
class Timeline:
    """Scores of a clip over time. Times are those of the raw file: no silence is removed.

    Attributes:
        names: as in `Tags`.
        starts_s, ends_s: (windows,) float64, in seconds, ascending; the last window ends with the file.
        scores: (windows, classes) float32; 0 in silent windows.
        task: `multilabel`, `multiclass` or `regression`.
        thresholds: (classes,) float64, from which score on a class is there, unless `segments` is told otherwise.
        embeddings: (windows, features) float32, where they were asked for; else None.
        silent: (windows,) bool: see `is_silent`; None: no window is silence.
    """

    names: tuple[str, ...]
    starts_s: np.ndarray
    ends_s: np.ndarray
    scores: np.ndarray
    task: str
    thresholds: np.ndarray
    embeddings: np.ndarray | None = None
    silent: np.ndarray | None = None

    def __repr__(self) -> str:
        return f"Timeline({self.seconds:g} s, {len(self.scores)} windows, {len(self.names)} scores each)"

    @property
    def is_silent(self) -> np.ndarray:
        """(windows,) bool: which windows are silence, and so have no tags."""
        return np.zeros(len(self.scores), bool) if self.silent is None else self.silent

    @property
    def seconds(self) -> float:
        """Length of the file."""
        return float(self.ends_s[-1])

    @property
    def centres_s(self) -> np.ndarray:
        """(windows,) seconds."""
        return (self.starts_s + self.ends_s) / 2

    @property
    def edges_s(self) -> np.ndarray:
        """(windows + 1,) seconds: window i speaks for the time from edge i to i + 1, where its centre is the nearest.

        A sound is in all windows that overlap with it; the centres of those that say so lie near its true borders.
        """
        centres = self.centres_s
        return np.concatenate([[0.0], (centres[1:] + centres[:-1]) / 2, [self.seconds]])

    def smoothed(self, smooth_s: float) -> "Timeline":
        """The same with scores that are the mean over `smooth_s` seconds: over all windows whose centre is at most half
        of it away. Evens out single windows that err, and leaves borders where they are; silence stays silence.

        Raises:
            TaggerError: less than 0 seconds.
        """
        check_lengths(smooth_s=smooth_s)
        centres, reach = self.centres_s, smooth_s / 2 + ROUNDING_S
        first = np.searchsorted(centres, centres - reach)
        end = np.searchsorted(centres, centres + reach)
        sums = np.concatenate([np.zeros((1, len(self.names))), self.scores.cumsum(axis=0, dtype=np.float64)])
        means = (sums[end] - sums[first]) / (end - first)[:, None]
        return replace(self, scores=np.where(self.is_silent[:, None], 0, means).astype(np.float32))

    def segments(
        self, threshold: float | None = None, min_length_s: float = 0.0, max_gap_s: float = 0.0
    ) -> list[Segment]:
        """Stretches of time with a label: of several labels a clip each class that reaches its threshold, of one label
        a clip the likeliest.

        Gaps of a label up to `max_gap_s` are closed first; with one label a clip only those in which nothing is said,
        so that there is one class at a time. Then what is shorter than `min_length_s` is left out.

        Args:
            threshold: of all classes; None: `thresholds`, and with one label a clip none.
            min_length_s, max_gap_s: in seconds, 0 or more.

        Returns:
            By start, then in the order of the classes.

        Raises:
            TaggerError: of regression, which has no labels; a threshold or seconds that are none.
        """
        check_lengths(min_length_s=min_length_s, max_gap_s=max_gap_s)
        is_there, edges = self.is_there(threshold), self.edges_s
        is_open = np.logical_or(self.task == "multilabel", ~is_there.any(axis=1))
        found = []
        for number, name in enumerate(self.names):
            for first, end in stretches(is_there[:, number], is_open, edges, max_gap_s):
                if edges[end] - edges[first] >= min_length_s - ROUNDING_S:
                    score = float(self.scores[first:end, number].mean(dtype=np.float64))
                    found.append(Segment(float(edges[first]), float(edges[end]), name, score))
        return sorted(found, key=lambda segment: segment.start_s)

    def is_there(self, threshold: float | None = None) -> np.ndarray:
        """(windows, classes) bool: which labels each window has; `threshold` as in `segments`."""
        return presence(self.scores, self.is_silent, self.task, self.thresholds, threshold)


def joined(parts: Sequence[Timeline]) -> Timeline:
    """One timeline of consecutive parts, at least one."""
    arrays: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("starts_s", "ends_s", "scores", "embeddings", "silent")
        if getattr(parts[0], name) is not None
    }
    return replace(parts[0], **arrays)


def clock(seconds: float, digits: int = 0) -> str:
    """m:ss, from an hour on h:mm:ss, with so many digits behind the second: 75.25 s -> 1:15.2."""
    units = round(seconds * 10**digits)
    whole, rest = divmod(units, 10**digits)
    minutes, whole = divmod(whole, 60)
    head = f"{minutes // 60}:{minutes % 60:02d}" if minutes >= 60 else str(minutes)
    return f"{head}:{whole:02d}" + (f".{rest:0{digits}d}" if digits else "")
