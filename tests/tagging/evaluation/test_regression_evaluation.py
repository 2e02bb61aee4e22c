"""Errors and correlations of values, against scikit-learn and SciPy."""

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

from tagging.evaluation.checks import EvaluationError
from tagging.evaluation.regression import clip_errors
from tagging.evaluation.task_kinds import KINDS

VALUES = KINDS["regression"]
NAMES = ["valence", "energy", "constant"]


@pytest.fixture
def data():
    rng = np.random.default_rng(1)
    truth = rng.random((80, 3)).round(1)  # with ties
    truth[:, 2] = 0.5
    return truth, truth + rng.normal(0, 0.3, truth.shape)


def test_the_table_is_scikit_learns_and_scipys(data):
    truth, values = data
    table = VALUES.table(truth, values, NAMES).set_index("label")
    for k, name in enumerate(NAMES[:2]):
        y, f = truth[:, k], values[:, k]
        assert table.loc[name, "mse"] == pytest.approx(mean_squared_error(y, f))
        assert table.loc[name, "mae"] == pytest.approx(mean_absolute_error(y, f))
        assert table.loc[name, "r2"] == pytest.approx(r2_score(y, f))
        assert table.loc[name, "spearman"] == pytest.approx(spearmanr(y, f).statistic)


def test_a_constant_target_has_errors_but_no_correlation(data):
    table = VALUES.table(*data, NAMES).set_index("label")
    assert table.loc["constant", "mse"] > 0
    assert table.loc["constant", ["r2", "spearman"]].isna().all()
    assert VALUES.report(*data)["r2"] == pytest.approx(table["r2"][:2].mean())


def test_the_parts_of_clips_give_the_squared_error(data):
    errors, clips = clip_errors(*data)
    assert errors.sum() / clips.sum() == pytest.approx(VALUES.report(*data)["mse"])


@pytest.mark.parametrize(
    ("truth", "values", "message"),
    [
        (np.zeros((0, 2)), np.zeros((0, 2)), "finite values of some clips"),
        (np.full((2, 2), np.nan), np.zeros((2, 2)), "finite values"),
        (np.zeros((2, 2)), np.full((2, 2), np.nan), "without NaN"),
        (np.zeros((2, 2)), np.zeros((2, 3)), "one shape"),
    ],
)
def test_what_cannot_be_compared_is_refused(truth, values, message):
    with pytest.raises(EvaluationError, match=message):
        VALUES.report(truth, values)
