"""Test clips drawn out of a data set that has none: stratified, by recording, and in no other part."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tagging.datasets.holdout import checked_clips, with_test_clips
from tagging.datasets.settings import SplitSettings
from tagging.datasets.splits import write_split
from tagging.datasets.table import Dataset, DatasetError, as_cells

GENRES = ("blues", "jazz", "rock", "soul")
QUARTERS = SplitSettings(validation_share=0.25, test_share=0.25)


def music(n_per_genre: int = 20, **columns) -> Dataset:
    labels = [(genre,) for genre in GENRES for _ in range(n_per_genre)]
    names = [f"{number}.wav" for number in range(len(labels))]
    table = {"fname": names, "path": names, "labels": as_cells(labels), "split": "train", "group": ""}
    return Dataset("folders", pd.DataFrame({**table, **columns}), GENRES, "multiclass", {}, None)


def names(data: Dataset, split: str = "test") -> set[str]:
    return set(data.of(split)["fname"])


def test_each_class_has_its_share_and_the_rest_trains_and_validates():
    data = with_test_clips(music(), QUARTERS, seed=1)
    for genre, count in zip(GENRES, data.targets(data.of("test")).sum(axis=0), strict=True):
        assert count == 5, genre
    checked, is_held = checked_clips(data, QUARTERS, 1, ())
    assert (len(checked), is_held.sum()) == (60, 15)
    assert not set(checked["fname"]) & names(data)


def test_the_seed_draws_and_validation_changes_nothing():
    first, again, other = (names(with_test_clips(music(), QUARTERS, seed)) for seed in (1, 1, 2))
    assert first == again != other
    assert names(with_test_clips(music(), SplitSettings(0.5, test_share=0.25), 1)) == first


def test_no_recording_is_in_two_parts():
    groups = [f"tape {number // 4}" for number in range(80)]
    data = with_test_clips(music(group=groups), QUARTERS, seed=0)
    checked, is_held = checked_clips(data, QUARTERS, 0, ())
    parts = [set(clips["group"]) for clips in (data.of("test"), checked[is_held], checked[~is_held])]
    assert all(parts)
    assert len(set.union(*parts)) == sum(map(len, parts)) == 20


def test_nothing_is_drawn_where_nothing_is_asked_or_the_data_set_has_test_clips():
    data = music()
    assert with_test_clips(data, SplitSettings(), 0) is data
    own = music(split=["test", *["train"] * 79])
    assert with_test_clips(own, QUARTERS, 0) is own


def test_a_validation_list_stays_whole():
    validates = np.arange(80) % 4 == 0
    data = with_test_clips(music(validates=validates), QUARTERS, 0)
    assert data.of("train")["validates"].sum() == 20
    assert len(names(data)) == 15, "a quarter of the others"


def test_a_split_file_may_name_clips_that_are_drawn_to_test(tmp_path):
    file, clips = tmp_path / "split.csv", music().clips
    write_split(file, clips, np.arange(80) % 4 == 0)
    split = replace(QUARTERS, file=str(file))
    data = with_test_clips(music(), split, 0)
    checked, is_held = checked_clips(data, split, 0, ())
    assert set(checked["fname"]) == set(clips["fname"]) - names(data)
    assert set(checked["fname"][is_held]) == {f"{number}.wav" for number in range(0, 80, 4)} - names(data)
    unknown = replace(data, clips=data.clips[data.clips["fname"] != "1.wav"])
    with pytest.raises(DatasetError, match=r"received also '1\.wav'"):
        checked_clips(unknown, split, 0, ())


def test_too_few_clips_name_the_key():
    few = replace(music(), clips=music().clips[:2])
    with pytest.raises(
        DatasetError, match=r"at least 4 clips .* received 2; .* split\.test_share nearer to 0\.5"
    ):
        with_test_clips(few, QUARTERS, 0)


def test_a_few_clips_have_a_test_clip():
    for seed in range(3):
        few = replace(music(), clips=music().clips[::16].reset_index(drop=True))
        assert len(names(with_test_clips(few, SplitSettings(test_share=0.2), seed))) > 0
