"""Rules on classes, recordings and the hold-out."""

import numpy as np

from tagging.config.load import load_config
from tagging.datasets import read_dataset
from tests.tagging.doctor.conftest import noise

BY_RECORDING = r"dataset.group_pattern='^([a-z]+\d)-'"
SHORT = 0.5


def clips(**counts):
    """Clips of each class, in as many recordings."""
    names = [f"{label}/{label}{n}-.wav" for label, count in counts.items() for n in range(count)]
    return {name: noise(SHORT, seed=seed) for seed, name in enumerate(names)}


def test_rare_classes_can_be_left_out(made):
    made.write(clips(ant=6, bee=6, cat=3))
    assert made.settings("rare classes") == ("dataset.min_clips=5",)
    assert made.settings("rare classes", "dataset.min_clips=5") is None


def test_nothing_is_suggested_that_leaves_fewer_than_two_classes(made):
    made.write(clips(ant=12, bee=4))
    checkup = made.look()
    (finding,) = [each for each in checkup.findings if each.name == "rare classes"]
    assert (finding.settings, checkup.settings) == ((), ())
    assert finding.why.endswith("fewer than two labels would be left.")
    made.write({f"bee/bee{n}-.wav": np.zeros(8_000) for n in range(4)})
    checkup = made.look()
    assert {each.name: len(each.settings + each.exclude) for each in checkup.findings} == {
        "silent clips": 0,
        "copies": 3,
        "rare classes": 0,
    }


def test_suggestions_together_leave_two_classes(made):
    made.write(clips(ant=12, bee=12, cat=4) | {f"bee/q{n}.wav": np.zeros(8_000) for n in range(2)})
    made.write({f"bee/bee{n}-.wav": np.zeros(8_000) for n in range(8)})
    checkup = made.look("window.window_s=0.5", "window.hop_s=0.5")
    assert made.settings("rare classes") == ()  # bee has four clips left
    assert [setting.partition("=")[0] for setting in checkup.settings] == ["dataset.exclude"]
    read_dataset(load_config(checkup.config, checkup.changes).dataset)


def test_where_most_classes_are_rare_more_clips_are_needed(made):
    assert made.write(clips(ant=6, bee=3, cat=3)).settings("rare classes") is None


def test_imbalance_asks_for_weights(made):
    made.write(clips(ant=50, bee=5))
    assert made.settings("imbalance") == ("train.class_weights=balanced",)
    assert made.settings("imbalance", "train.class_weights=balanced") is None
    assert made.settings("imbalance", "dataset.task=multilabel") is None


def test_a_class_of_one_recording_cannot_be_held_out(made):
    sounds = clips(ant=6, bee=6)
    sounds |= {f"cat/cat0-{n}.wav": noise(SHORT, seed=90 + n) for n in range(6)}
    made.write(sounds)
    assert made.settings("classes of one recording") is None  # recordings are not known
    findings = {each.name: each for each in made.look(BY_RECORDING).findings}
    found = findings["classes of one recording"]
    assert found.text == "1 class has clips of one recording only: cat"


def test_names_that_begin_alike_may_be_of_one_recording(made):
    names = [
        f"{label}/{label}-{night}_{n}.wav" for label in ("ant", "bee") for night in range(4) for n in range(3)
    ]
    made.write({name: noise(SHORT, seed=seed) for seed, name in enumerate(names)})
    (finding,) = (each for each in made.look().findings if each.name == "unknown recordings")
    assert "24 of 24 clips have names that begin like others: ant-0, ant-1" in finding.text
    assert finding.settings == ('dataset.group_pattern="^(.+)[-_]"',)
    known = made.look(*finding.settings)
    assert known.areas["classes"]["split train"] == "18 clips of 6 recordings"
    assert known.areas["classes"]["validation, out of it"] == "6 clips of 2 recordings"
    assert "unknown recordings" not in [each.name for each in known.findings]
    assert made.settings("unknown recordings", "split.validation_share=0") is None


def test_the_parts_of_a_recording_may_have_a_suffix(made):
    clips = [f"{label}/1-{label}{clip}" for label in ("ant", "bee") for clip in (7, 8)]
    names = [f"{clip}-{take}-0.wav" for clip in clips for take in "ABC"]
    made.write({name: noise(SHORT, seed=seed) for seed, name in enumerate(names)})
    assert made.settings("unknown recordings") == ('dataset.group_pattern="^(.+)[-_][^-_]*[-_]"',)


def test_numbered_clips_are_not_recordings(made):
    made.write(
        {f"{label}/{label}_{n}.wav": noise(SHORT, seed=n) for label in ("ant", "bee") for n in range(6)}
    )
    assert made.settings("unknown recordings") is None


def test_a_larger_share_is_suggested_where_it_has_all_classes(made):
    made.write(clips(ant=12, bee=12, cat=2))
    (setting,) = made.settings("classes that are not validated", "split.validation_share=0.1")
    assert setting.startswith("split.validation_share=")
    assert made.settings("classes that are not validated", setting) is None


def test_the_parts_are_those_of_training(made):
    made.write(clips(ant=20, bee=20))
    shown = made.look("split.validation_share=0.25", "split.test_share=0.25").areas["classes"]
    assert [shown[name] for name in ("split train", "validation, out of it", "test, drawn out of it")] == [
        "23 clips",
        "7 clips",
        "10 clips",
    ]
    whole = made.look("split.validation_share=0").areas["classes"]
    assert [name for name in whole if "split" in name or "out of it" in name] == ["split train"]
    assert whole["split train"] == "40 clips"


def test_classes_are_named_with_their_numbers(made):
    made.write(clips(ant=2, bee=2))
    assert made.look().areas["classes"]["columns"] == "0=ant, 1=bee"
    made.write(clips(**{f"c{n:02}": 1 for n in range(30)}))
    columns = made.look().areas["classes"]["columns"]
    assert columns.startswith("0=ant, 1=bee, 2=c00, ")
    assert columns.endswith("19=c17 and 12 more")


def test_a_hold_out_that_cannot_be_drawn(made):
    made.write(clips(ant=2, bee=2))
    checkup = made.look("split.validation_share=0.1")
    assert "at least 10 clips" in next(each.text for each in checkup.findings if each.name == "no hold-out")
    assert "no hold-out" not in [each.name for each in made.look("split.validation_share=0").findings]
