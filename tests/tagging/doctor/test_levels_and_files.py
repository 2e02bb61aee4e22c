"""Rules on level, silence, and clips that are silent, broken or there twice."""

from pathlib import Path

import numpy as np
import pytest

from preprocessing.clean import clean_dataset
from tagging.config.load import load_config
from tests.older_folders import with_older_hashes
from tests.tagging.doctor.conftest import noise


def test_brief_clips_keep_their_silence(made):
    made.classes(5, lambda seed: np.concatenate([noise(0.5, seed=seed), np.zeros(12_000)]))
    assert made.settings("silence of brief clips") == ("cleaning.remove_silence=false",)
    assert made.settings("silence of brief clips", "cleaning.remove_silence=false") is None


def test_long_clips_lose_theirs(made):
    made.classes(5, lambda seed: np.concatenate([noise(2.0, seed=seed), np.zeros(32_000)]))
    assert [finding.name for finding in made.look().findings] == []


def test_quiet_sounds_are_no_silence(made):
    made.classes(
        5, lambda seed: np.concatenate([noise(2.0, seed=seed, level=0.003), noise(4.0, level=0.0004)])
    )
    assert made.settings("quiet sounds cut as silence") == ("cleaning.remove_silence=false",)
    assert made.settings("quiet clips") is None  # log-mel images do not show the level
    mn = ("frontend.name=yamnet", "model.name=yamnet")
    assert made.settings("quiet clips", *mn) == ("frontend.normalize=rms",)


def test_clipping_is_noted(made):
    made.classes(5, lambda seed: noise(seed=seed, level=2.0).clip(-1, 1))
    assert made.settings("clipping") == ()


def test_silent_clips_are_left_out(made):
    made.classes(5).write({"cat/nothing.wav": np.zeros(16_000)})
    checkup = made.look("dataset.exclude=[old.wav]")
    assert [finding.exclude for finding in checkup.findings] == [("nothing.wav",)]
    assert checkup.settings == ('dataset.exclude=["old.wav", "nothing.wav"]',)
    assert len(load_config(checkup.config, checkup.changes).dataset.exclude) == 2


def test_copies_with_other_labels_are_left_out(made):
    made.classes(5).write({"cat/same.wav": noise(seed=50), "dog/alike.wav": noise(seed=50)})
    (finding,) = made.look().findings
    assert (finding.name, set(finding.exclude)) == ("contradicting labels", {"same.wav", "alike.wav"})


def cleaned(checkup):
    """The clean folder of the data set, and its clips."""
    clean_dir, clips = Path(checkup.data.config.clean_dir), checkup.data.dataset.clips
    clean_dataset(clips, clean_dir, checkup.data.config.cleaning, progress=False)
    return clean_dir, clips


def test_copies_are_found_among_clips_of_an_older_clean_folder_and_others(made):
    clean_dir, clips = cleaned(made.classes(5).look())
    with_older_hashes(clean_dir, clips)
    made.write({"dog/alike.wav": noise(seed=0)})
    (finding,) = made.look().findings
    assert (finding.name, set(finding.exclude)) == ("contradicting labels", {"cat0.wav", "alike.wav"})


def test_hashes_of_two_kinds_are_named(made):
    clean_dir, clips = cleaned(made.classes(5).look())
    assert made.look().findings == ()
    with_older_hashes(clean_dir, clips, only=["cat0.wav"])
    (finding,) = made.look().findings
    assert finding.name == "two kinds of hashes"
    assert "expected hashes of one kind in the manifest, received 1 BLAKE2b and 9 XXH3-128" in finding.text
    assert "preprocess.py --force" in finding.why


def test_of_copies_with_one_label_one_stays(made):
    made.classes(5).write({f"cat/same{number}.wav": noise(seed=50) for number in range(3)})
    (finding,) = made.look().findings
    assert (finding.name, len(finding.exclude)) == ("copies", 2)


def test_a_copy_of_a_test_clip_is_a_leak(made):
    made.classes(5).write({"cat/tested.wav": noise(seed=3)})
    for part, names in (
        ("train", [f"{label}/{label}{n}.wav" for label in ("cat", "dog") for n in range(5)]),
    ):
        (made.root.parent / f"{part}.txt").write_text("\n".join(names))
    (made.root.parent / "test.txt").write_text("cat/tested.wav")
    lists = ",".join(f"{part}: {made.root.parent / part}.txt" for part in ("train", "test"))
    checkup = made.look(f"dataset.lists={{{lists}}}")
    assert checkup.findings[0].text == "1 clip to train on has the audio of a test clip: train/cat3.wav"
    assert [(each.name, each.exclude) for each in checkup.findings] == [
        ("test clips in training", ("cat3.wav",))
    ]


def test_refused_clips_are_counted(made):
    made.classes(5)
    (made.root / "cat" / "broken.wav").write_bytes(b"RIFF but nothing else")
    checkup = made.look()
    assert [finding.name for finding in checkup.findings] == ["unusable clips"]
    assert checkup.refused == 1


@pytest.mark.parametrize("is_quick", [False, True])
def test_a_plain_data_set_has_no_findings(made, is_quick):
    checkup = made.classes(10).look(is_quick=is_quick)
    assert checkup.findings == checkup.settings == ()
