"""Confusion plots: a matrix of few classes, the most frequent pairs of many, and a bounded size of both."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread

from tagging.plots import confusion, style
from tagging.plots.confusion import confusion_plot, most_confused


@pytest.fixture
def drawn(monkeypatch) -> list[Figure]:
    """The figures that would be written."""
    figures: list[Figure] = []
    monkeypatch.setattr(confusion, "write_figure", lambda figure, path: figures.append(figure))
    return figures


def confusions(n: int, seed: int = 0) -> pd.DataFrame:
    names = [f"species {k}" for k in range(n)]
    return pd.DataFrame(np.random.default_rng(seed).integers(3, size=(n, n)), names, names)


def test_the_most_frequent_confusions_come_first_and_right_ones_never():
    table = pd.DataFrame([[90, 3, 0], [3, 1, 0], [1, 0, 2]], list("abc"), list("abc"))
    found = most_confused(table, 2)
    assert found.to_dict("list") == {
        **{"label": ["b", "a"], "predicted": ["a", "b"]},
        **{"clips": [3, 3], "share": [0.75, 3 / 93]},
    }
    assert len(most_confused(table, 9)) == 3


@pytest.mark.parametrize(("n", "has_matrix"), [(3, True), (120, True), (121, False), (400, False)])
def test_many_classes_are_drawn_as_pairs(tmp_path, drawn, n, has_matrix):
    confusion_plot(confusions(n), tmp_path / "c.png")
    panel = drawn[0].axes[0]
    assert bool(panel.images) == has_matrix
    if not has_matrix:
        expected = most_confused(confusions(n), 40)
        assert [bar.get_width() for bar in panel.patches] == list(expected["clips"])
        first = expected.iloc[0]
        assert panel.get_yticklabels()[0].get_text() == f"{first['label']} → {first['predicted']}"


def test_a_matrix_without_confusions_has_a_plot(tmp_path, drawn):
    confusion_plot(confusions(400) * np.eye(400, dtype=int), tmp_path / "c.png")
    assert drawn[0].axes[0].get_title() == "no confusions"


@pytest.mark.parametrize("inches", [(200.0, 2.0), (1.0, 100.0), (3.0, 2.0)])
def test_a_plot_is_bounded_in_pixels(tmp_path, inches):
    style.write_figure(Figure(inches), tmp_path / "p.png")
    height, width = imread(tmp_path / "p.png").shape[:2]
    assert max(height, width) == min(6000, 110 * max(inches))
