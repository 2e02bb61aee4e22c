"""What an export says of itself: its verdict, and its card."""

from dataclasses import replace

import pytest

from tagging.export.about import about
from tagging.export.card import model_card
from tagging.export.certificate import Certificate, Difference, as_table
from tagging.export.graph import graph_of
from tagging.export.registry import FLOAT32, FORMATS
from tagging.tagger.models import load_ensemble

FOUND = Certificate(
    format="litert",
    runtime="ai-edge-litert 2",
    precision=FLOAT32,
    clips=3,
    own=Difference(3, 2e-6, 1e-5, 0),
    awkward={"silence": Difference(1, 4e-6, 1e-5, 0)},
    note="",
    metric=None,
    tolerance=1e-4,
    size_bytes=1,
    ms_per_input=1.0,
    ms_per_second=1.0,
    not_built_in=(),
)


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({}, "passed: scores differ by at most 4e-06 (limit 0.0001)"),
        (
            {"awkward": {"constant": Difference(1, 2e-3, 1e-2, 0, rounding=1.5e-3)}},
            "passed: scores differ by at most 0.002 (limit 0.0001, on awkward clips at least twice the run's own "
            "rounding)",
        ),
        (
            {"tolerance": None, "precision": "int8"},
            "no limit for int8 weights: the metric and the ranks say what they cost",
        ),
    ],
)
def test_the_verdict_of_a_file_that_is_written(changed, verdict):
    found = replace(FOUND, **changed)
    found.check()
    assert as_table(found)[-1] == ("verdict", verdict)


def test_labels_with_commas_are_told_apart_in_the_card(make_run):
    graph = graph_of(load_ensemble([make_run()]), None, is_fixed=False)
    facts = replace(about(graph, FLOAT32), labels=("Accelerating, revving, vroom", "Bark"))
    card = model_card(graph, facts, FORMATS["litert"], FOUND)
    assert "2 labels (`Accelerating, revving, vroom`, `Bark`)" in card


def test_a_card_says_in_words_what_it_counts_and_measures(make_run):
    graph = graph_of(load_ensemble([make_run()]), None, is_fixed=False)
    (run,) = graph.ensemble.runs
    run.info.update(stage=run.path.name, train_clips=144, validation_clips=36)
    name = f"{run.path.resolve().parent.name}/{run.path.name}"
    found = replace(FOUND, metric=("lwlrap", 0.5, 0.5))
    card = model_card(graph, about(graph, FLOAT32), FORMATS["litert"], found)
    assert f"\n# {name}\n" in card
    assert f"`{name}`: data set" in card
    assert "(144 clips to train on, 36 clips to validate with)" in card
    assert "| LWLRAP of its own clips | 0.5000 (the run: 0.5000) |" in card
