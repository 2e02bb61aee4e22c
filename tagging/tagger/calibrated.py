"""Calibrated runs as one: their scores, their thresholds, and what is silence."""

from collections.abc import Sequence

import numpy as np
from scipy.special import logit

from tagging.evaluation.calibration import Calibration, read_calibration
from tagging.evaluation.thresholds import THRESHOLD
from tagging.runs.ensembles import Ensemble
from tagging.runs.run import Run


class CalibratedEnsemble:
    """An ensemble whose runs' logits are divided by their temperatures before they become one.

    Args:
        ensemble: what predicts.

    Raises:
        CalibrationError: a run's calibration is damaged, or of other classes.
    """

    def __init__(self, ensemble: Ensemble) -> None:
        self._ensemble = ensemble
        self._calibrations = [_calibration_of(run) for run in ensemble.runs]

    @property
    def temperatures(self) -> list[float]:
        """One per run, by which its logits are divided."""
        return [each.temperature for each in self._calibrations]

    @property
    def thresholds(self) -> np.ndarray:
        """(classes,): the runs' thresholds, combined as if they were scores; .5 of a run that has none."""
        default = np.full(len(self._ensemble.classes), THRESHOLD)
        if not self._ensemble.kind.has_thresholds:
            return default
        return self._combined([logit([each.thresholds or default]) for each in self._calibrations])[0]

    def scores(
        self, logits: Sequence[np.ndarray], levels_db: np.ndarray, floor_db: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """The scores of clips or windows, and which of them are silent.

        Values of regression say nothing that silence could not have, so that none of it is silent.

        Args:
            logits: one (rows, classes) matrix per run.
            levels_db: (rows,), RMS in dB of full scale.
            floor_db: what is not louder is silence.

        Returns:
            (rows, classes) float64, 0 in silence; and (rows,) bool.
        """
        silent = (levels_db <= floor_db) & self._ensemble.kind.has_labels
        pairs = zip(self._calibrations, logits, strict=True)
        scores = self._combined([calibration.logits(each) for calibration, each in pairs])
        return np.where(silent[:, None], 0.0, scores), silent

    def _combined(self, logits: Sequence[np.ndarray]) -> np.ndarray:
        return self._ensemble.combine(self._ensemble.of_members(logits))


def _calibration_of(run: Run) -> Calibration:
    """The run's own; where it has none, one that leaves its scores as they are."""
    return read_calibration(run.path, run.classes) or Calibration(run.classes, 1.0, None)
