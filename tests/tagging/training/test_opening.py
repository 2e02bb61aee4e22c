"""What training says first: clips, recordings, batches, and classes that nobody validates."""

from dataclasses import replace

import pandas as pd

from tagging.config.stage import StageSettings
from tagging.training.data import stage_data
from tagging.training.opening import opening

CURATED = StageSettings(sources=["curated"])


def clips(labels, groups):
    return pd.DataFrame({"labels": [(label,) for label in labels], "group": groups})


def test_the_opening_counts_clips_recordings_and_batches(tiny, tmp_path):
    data = stage_data(tiny.config(tmp_path), CURATED)
    counts = (
        f"{len(data.train)} clips to train on, {len(data.validation)} clips held out; 3 batches per epoch"
    )
    assert opening(data, CURATED, 3).splitlines()[0] == counts


def test_the_opening_names_the_classes_that_the_held_out_clips_lack(tiny, tmp_path):
    data = stage_data(tiny.config(tmp_path), CURATED)
    a, *others = data.dataset.classes
    data = replace(data, train=clips([a, a], ["x", "y"]), validation=clips(others, ["z"] * len(others)))
    first, second = opening(data, CURATED, 1).splitlines()
    assert first.startswith(
        f"2 clips of 2 recordings to train on, {len(others)} clips of 1 recording held out"
    )
    assert second == f"no held-out clip has the label {a!r}: its score is not measured"


def test_the_opening_of_a_stage_without_held_out_clips(tiny, tmp_path):
    data = stage_data(tiny.config(tmp_path), CURATED)
    data = replace(data, validation=data.validation[:0])
    assert "none held out; 2 batches" in opening(data, CURATED, 2)
    assert "\n" not in opening(data, CURATED, 2)


def test_the_opening_says_how_often_a_frozen_backbone_runs(tiny, tmp_path):
    data = stage_data(tiny.config(tmp_path), CURATED)
    settings = replace(CURATED, trainable=("head",), views=2, epochs=5)
    assert "views=2: the backbone runs in the first 2 of 5 epochs" in opening(data, settings, 3)
    assert "views" not in opening(data, replace(settings, epochs=2), 3)
