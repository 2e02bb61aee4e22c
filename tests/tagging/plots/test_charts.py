"""Charts of runs, by what is drawn in them."""

import itertools
import re

import numpy as np
import pandas as pd
import pytest

from tagging.evaluation.task_kinds import common_metric
from tagging.plots import curves, style
from tagging.plots import runs as charts
from tagging.plots import sweep as sweep_module
from tagging.plots.sweep import Axis, sweep_chart

HISTORY = pd.DataFrame({"epoch": [1, 2, 3], "loss": [3.0, 2.0, 1.0], "accuracy": [0.1, 0.2, 0.3]})
VALIDATED = HISTORY.assign(val_loss=[4.0, 3.0, 2.5], val_accuracy=[0.1, 0.15, 0.2])


@pytest.fixture
def drawn(monkeypatch):
    """The figures that were written."""
    figures = []

    def keep(figure, path):
        style.write_figure(figure, path)
        figures.append(figure)

    for module in (curves, charts, sweep_module):
        monkeypatch.setattr(module, "write_figure", keep)
    return figures


def test_curves_of_several_runs(tmp_path, drawn):
    curves.learning_curves({"cnn": HISTORY, "mobilenet": VALIDATED}, tmp_path / "c.png")
    loss, accuracy = drawn[0].axes
    assert [line.get_label() for line in loss.lines] == [
        "cnn, training clips",
        "mobilenet, training clips",
        "mobilenet, validation clips",
    ]
    assert accuracy.get_ylabel() == "accuracy"
    np.testing.assert_array_equal(loss.lines[2].get_xydata(), [[1, 4], [2, 3], [3, 2.5]])
    np.testing.assert_array_equal(accuracy.lines[0].get_xydata(), [[1, 0.1], [2, 0.2], [3, 0.3]])
    ticks = [tick for tick in loss.get_xticks() if loss.get_xlim()[0] <= tick <= loss.get_xlim()[1]]
    assert ticks == [1, 2, 3]


def test_curves_of_a_metric_that_only_validation_has_and_the_learning_rate(tmp_path, drawn):
    history = VALIDATED.assign(val_f1_macro=[0.2, 0.3, 0.4], learning_rate=[1e-2, 1e-3, 1e-4])
    curves.learning_curves({"a": history}, tmp_path / "c.png", "f1_macro")
    _, f1, rate = drawn[0].axes
    assert f1.get_ylabel() == "macro F1"
    assert [line.get_label() for line in f1.lines] == ["a, validation clips"]
    np.testing.assert_array_equal(rate.lines[0].get_ydata(), [1e-2, 1e-3, 1e-4])
    assert rate.get_yscale() == "log"


def test_a_constant_learning_rate_is_a_line_of_text(tmp_path, drawn):
    curves.learning_curves({"a": HISTORY.assign(learning_rate=1e-3)}, tmp_path / "c.png")
    assert [panel.get_ylabel() for panel in drawn[0].axes] == ["loss", "accuracy"]
    assert drawn[0].get_supxlabel() == "learning rate 0.001 in all epochs"


def test_curves_of_runs_without_a_common_metric_show_the_loss(tmp_path, drawn):
    curves.learning_curves({"a": HISTORY, "b": HISTORY[["epoch", "loss"]]}, tmp_path / "c.png")
    assert [panel.get_ylabel() for panel in drawn[0].axes] == ["loss"]


@pytest.mark.parametrize(
    ("known", "metric"),
    [
        ([["val_accuracy", "val_f1_macro"], ["f1_macro", "accuracy"]], "accuracy"),
        ([["val_lwlrap", "val_map"], ["map"]], "map"),
        ([["val_lwlrap"], ["val_mse"]], None),
    ],
)
def test_the_default_metric_is_one_that_all_runs_have(known, metric):
    assert common_metric(known) == metric


RUNS = pd.DataFrame(
    {
        "run": ["a", "b_$c"],
        "parameters": [1000, 20],
        "trainable_parameters": [100, 20],
        "train_accuracy": [0.9, np.nan],
        "val_accuracy": [0.8, 0.7],
        "train_loss": [0.1, 0.2],
        "val_loss": [1.1, 1.2],
    }
)


def test_bars_are_the_figures_of_the_table_with_the_first_run_on_top(tmp_path, drawn):
    charts.run_bars(RUNS, "accuracy", tmp_path / "b.png")
    accuracy, loss = drawn[0].axes
    assert [bar.get_width() for bar in accuracy.patches] == [0.9, 0, 0.8, 0.7]
    assert [bar.get_width() for bar in loss.patches] == [0.1, 0.2, 1.1, 1.2]
    assert [text.get_text() for text in accuracy.texts] == ["0.900", "", "0.800", "0.700"]
    assert [text.get_text() for text in accuracy.get_yticklabels()] == ["a", "b_$c"]
    assert accuracy.get_ylim()[0] > accuracy.get_ylim()[1]


def test_size_is_drawn_whole_and_trainable(tmp_path, drawn):
    charts.size_against_metric(RUNS, "accuracy", tmp_path / "p.png")
    points = [line.get_xydata()[0].tolist() for line in drawn[0].axes[0].lines]
    assert points == [[100, 0.8], [1000, 0.8], [20, 0.7], [20, 0.7]]


@pytest.mark.parametrize(
    ("sizes", "scale"), [((24_100, 26_300), "linear"), ((900, 40_000), "log"), ((900, 4_000_000), "log")]
)
def test_sizes_have_few_ticks_with_plain_numbers(tmp_path, drawn, sizes, scale):
    charts.size_against_metric(
        RUNS.assign(parameters=sizes, trainable_parameters=sizes), "accuracy", tmp_path / "p.png"
    )
    (panel,) = drawn[0].axes
    assert panel.get_xscale() == scale
    texts = [text for text in panel.get_xticklabels(which="both") if text.get_text()]
    assert all(re.fullmatch(r"[\d.]+ ?[kM]?", text.get_text()) for text in texts)
    boxes = [text.get_window_extent() for text in texts]
    inside = [box for box in boxes if panel.bbox.x0 <= (box.x0 + box.x1) / 2 <= panel.bbox.x1]
    assert 2 <= len(inside) <= 8
    assert all(left.x1 < right.x0 for left, right in itertools.pairwise(inside))


TRIALS = pd.DataFrame(
    {
        "trial": [0, 1, 2, 3],
        "state": ["complete", "pruned", "complete", "complete"],
        "train.learning_rate": [1e-3, 1e-2, 1e-1, 1e-4],
        "model.units": ["[16]", "[8, 8]", "[16]", "[8, 8]"],
        "val_accuracy": [0.5, 0.9, 0.4, 0.7],
    }
)
AXES = {"train.learning_rate": Axis(None, log=True), "model.units": Axis(("[16]", "[8, 8]"))}


@pytest.mark.parametrize(
    ("goal", "line", "best"),
    [("maximize", [0.5, 0.5, 0.7], [3, 0.7]), ("minimize", [0.5, 0.4, 0.4], [2, 0.4])],
)
def test_a_sweep_shows_the_best_so_far_and_each_parameter(tmp_path, drawn, goal, line, best):
    sweep_chart(TRIALS, "val_accuracy", AXES, goal, tmp_path / "s.png")
    progress, rate, units = (panel for panel in drawn[0].axes if panel.get_visible())
    np.testing.assert_array_equal(progress.lines[0].get_ydata(), line)
    whole, given_up, star = (points.get_offsets().tolist() for points in progress.collections)
    legend = [text.get_text() for text in drawn[0].legends[0].get_texts()]
    assert legend == ["trial", "stopped early", "best", "best so far", "median of a value"]
    assert [whole, given_up, star] == [[[0, 0.5], [2, 0.4], [3, 0.7]], [[1, 0.9]], [best]]
    assert (rate.get_xscale(), rate.get_xlabel()) == ("log", "train.learning_rate")
    assert [text.get_text() for text in units.get_xticklabels()] == ["[16]", "[8, 8]"]
    places = np.round(units.collections[0].get_offsets()[:, 0])
    np.testing.assert_array_equal(places, [0, 0, 1])
    medians = [segment[0][1] for segment in units.collections[-1].get_segments()]
    assert medians == pytest.approx([0.45, 0.7])


def test_values_with_long_names_are_numbered(tmp_path, drawn):
    names = tuple(f'{{"keep_originals": true, "alpha": {number}}}' for number in range(4))
    trials = TRIALS.assign(augment=names)
    sweep_chart(trials, "val_accuracy", {"augment": Axis(names)}, "maximize", tmp_path / "s.png")
    panel = drawn[0].axes[1]
    assert [text.get_text() for text in panel.get_xticklabels()] == ["1", "2", "3", "4"]
    assert panel.get_xlabel() == "augment (by place in the sweep file)"
