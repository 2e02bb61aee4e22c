import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import gmean, rankdata

from submissions.activations import SIGMOID
from submissions.ensemble import METHODS, SubmissionError, combine


@pytest.fixture
def runs():
    rng = np.random.default_rng(0)
    return [rng.normal(-3, 3, (50, 7)).astype(np.float32) for _ in range(3)]


def test_mean_is_the_mean_probability(runs):
    np.testing.assert_allclose(
        combine(runs, SIGMOID), np.mean([expit(run.astype(float)) for run in runs], axis=0)
    )


def test_geometric_is_scipys_geometric_mean(runs):
    probabilities = [expit(run.astype(float)) for run in runs]
    np.testing.assert_allclose(combine(runs, SIGMOID, "geometric"), gmean(probabilities, axis=0))
    weights = np.array([1.0, 2.0, 5.0])
    expected = gmean(probabilities, axis=0, weights=np.broadcast_to(weights[:, None, None], (3, 50, 7)))
    np.testing.assert_allclose(combine(runs, SIGMOID, "geometric", weights), expected)


def test_rank_compares_clips_within_a_class():
    one, other = (
        np.array([[3.0, 0.0], [1.0, 5.0], [2.0, 5.0]]),
        np.array([[9.0, 1.0], [8.0, 2.0], [7.0, 3.0]]),
    )
    np.testing.assert_allclose(combine([one], SIGMOID, "rank"), [[1.0, 0.0], [0.0, 0.75], [0.5, 0.75]])
    np.testing.assert_allclose(
        combine([one, other], SIGMOID, "rank"), [[1.0, 0.0], [0.25, 0.625], [0.25, 0.875]]
    )


def test_weights_count_by_proportion(runs):
    expected = 0.75 * expit(runs[0].astype(float)) + 0.25 * expit(runs[1].astype(float))
    np.testing.assert_allclose(combine(runs[:2], SIGMOID, "mean", [3, 1]), expected)
    np.testing.assert_allclose(combine(runs[:2], SIGMOID, "mean", [0.3, 0.1]), expected)


@pytest.mark.parametrize("method", METHODS)
def test_a_weight_of_one_alone_is_that_run(runs, method):
    np.testing.assert_allclose(combine(runs, SIGMOID, method, [0, 1, 0]), combine(runs[1:2], SIGMOID, method))


@pytest.mark.parametrize("method", METHODS)
def test_equal_weights_are_the_default(runs, method):
    np.testing.assert_allclose(combine(runs, SIGMOID, method), combine(runs, SIGMOID, method, [2, 2, 2]))


@pytest.mark.parametrize("method", METHODS)
def test_scores_lie_between_0_and_1(runs, method):
    scores = combine(runs, SIGMOID, method)
    assert scores.dtype == np.float64
    assert scores.shape == (50, 7)
    assert 0.0 <= scores.min() <= scores.max() <= 1.0


@pytest.mark.parametrize("method", ["mean", "geometric"])
def test_the_order_of_high_and_low_logits_is_kept(method):
    """As float32 probabilities, all logits over 17 are 1, and all under -104 are 0."""
    logits = np.array([[-300.0, -120.0, -30.0, 0.0, 18.0, 20.0, 34.0]], np.float32)
    assert (np.diff(combine([logits], SIGMOID, method)) > 0).all()
    assert (np.diff(combine([logits, logits], SIGMOID, method)) > 0).all()


@pytest.mark.parametrize(
    ("logits", "method", "weights", "message"),
    [
        ([], "mean", None, "at least one run, received none"),
        ([np.zeros((2, 3)), np.zeros((2, 4))], "mean", None, r"one shape, received \[\(2, 3\), \(2, 4\)\]"),
        ([np.zeros(3)], "mean", None, r"matrices \(clips, classes\)"),
        ([np.zeros((2, 3))], "median", None, r"out of \['geometric', 'mean', 'rank'\], received 'median'"),
        ([np.zeros((2, 3))] * 2, "mean", [1.0], r"expected 2 weights .* received \[1.0\]"),
        ([np.zeros((2, 3))] * 2, "mean", [2.0, -1.0], "weights of 0 or more"),
        ([np.zeros((2, 3))] * 2, "mean", [0.0, 0.0], "not all 0"),
        ([np.zeros((2, 3))] * 2, "mean", [1.0, np.nan], "expected 2 weights"),
        ([np.zeros((2, 3)), np.full((2, 3), np.nan)], "mean", None, r"NaN or infinity from run \[2\] of 2"),
        ([np.zeros((1, 3))], "rank", None, "at least 2 clips"),
    ],
)
def test_what_cannot_be_combined_is_refused_in_one_line(logits, method, weights, message):
    with pytest.raises(SubmissionError, match=message) as caught:
        combine(logits, SIGMOID, method, weights)
    assert "\n" not in str(caught.value)


def test_tied_logits_share_their_mean_rank(runs):
    tied = np.round(runs[0])
    np.testing.assert_allclose(combine([tied], SIGMOID, "rank"), (rankdata(tied, axis=0) - 1) / 49)
