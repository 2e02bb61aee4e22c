"""The logits of a mean score, in closed form."""

import numpy as np
import pytest
from scipy.special import softmax

from submissions.activations import LINEAR, SIGMOID, SOFTMAX
from submissions.ensemble import SubmissionError, average_folds, combine
from submissions.writer import write_predictions

LOGITS = [np.random.default_rng(seed).normal(0, 3, (7, 4)) for seed in range(3)]
ACTIVATIONS = [
    pytest.param(last, id=name)
    for name, last in (("sigmoid", SIGMOID), ("softmax", SOFTMAX), ("linear", LINEAR))
]


@pytest.mark.parametrize("last", ACTIVATIONS)
def test_the_score_of_the_mean_is_the_mean_of_the_scores(last):
    rows = np.concatenate(LOGITS)
    mean = last.mean(rows, np.array([0, 5, 6]))
    parts = [rows[:5], rows[5:6], rows[6:]]
    np.testing.assert_allclose(last.scores(mean), [last.scores(part).mean(axis=0) for part in parts])


@pytest.mark.parametrize("last", ACTIVATIONS)
def test_scores_have_finite_logits(last):
    scores = last.scores(LOGITS[0])
    np.testing.assert_allclose(last.scores(last.inverse(scores)), scores, rtol=1e-4, atol=1e-5)
    sure = last.inverse(np.array([0.0, 1.0]))
    assert np.isfinite(sure).all()
    np.testing.assert_allclose(last.scores(sure), [0, 1], atol=2e-6)


def test_the_logits_of_a_mean_distribution_are_its_logarithms():
    mean = SOFTMAX.mean(np.concatenate(LOGITS), np.array([0, 5, 6]))
    np.testing.assert_allclose(np.exp(mean).sum(axis=1), 1.0)


@pytest.mark.parametrize("last", ACTIVATIONS)
def test_folds_are_averaged_clip_by_clip(last):
    scores = last.scores
    expected = np.mean([scores(each) for each in LOGITS], axis=0)
    np.testing.assert_allclose(scores(average_folds(LOGITS, last)), expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(combine(LOGITS, last), expected)


def test_a_geometric_mean_of_distributions_is_one():
    scores = combine(LOGITS, SOFTMAX, "geometric")
    product = np.prod([softmax(each, axis=1) for each in LOGITS], axis=0) ** (1 / 3)
    np.testing.assert_allclose(scores, product / product.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("method", ["geometric", "rank"])
def test_values_of_regression_have_a_mean_only(method):
    with pytest.raises(SubmissionError, match=f"ensemble.method={method} .* use mean"):
        combine(LOGITS, LINEAR, method)


def test_ranks_of_clips_cannot_choose_among_the_classes_of_one():
    with pytest.raises(SubmissionError, match="rank compares clips"):
        combine(LOGITS, SOFTMAX, "rank")


def test_predictions_name_the_most_likely_class_first(tmp_path):
    scores = np.array([[0.2, 0.5, 0.3], [0.7, 0.2, 0.1]])
    write_predictions(tmp_path / "p.csv", ["x.wav", "y.wav"], ["rock", "pop", "jazz"], scores)
    assert (tmp_path / "p.csv").read_text().splitlines() == [
        "fname,label,score,rock,pop,jazz",
        "x.wav,pop,0.5,0.2,0.5,0.3",
        "y.wav,rock,0.7,0.7,0.2,0.1",
    ]


def test_a_class_called_as_a_column_is_refused(tmp_path):
    with pytest.raises(SubmissionError, match="score"):
        write_predictions(tmp_path / "p.csv", ["x"], ["score", "b"], np.zeros((1, 2)))
    assert not list(tmp_path.iterdir())
