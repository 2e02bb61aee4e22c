"""The hold-out: right sizes, label shares as in the full set, and no recording on both sides."""

import numpy as np
import pandas as pd
import pytest
from skmultilearn.model_selection import iterative_train_test_split

from tagging.datasets import splits
from tagging.datasets.settings import SplitSettings
from tagging.datasets.splits import folds, hold_out, keep_apart, read_split, write_split
from tagging.datasets.table import DatasetError


def clip_table(n, groups=None):
    return pd.DataFrame({"fname": [f"{i}.wav" for i in range(n)], "group": "" if groups is None else groups})


def draw_targets(n, n_classes, seed=0):
    """Labels as in FSDKaggle2019: mostly one, some two or three; common and rare classes."""
    rng = np.random.default_rng(seed)
    odds = 1 / np.arange(1, n_classes + 1) ** 0.7
    targets = np.zeros((n, n_classes), np.float32)
    for row in targets:
        row[rng.choice(n_classes, rng.choice([1, 2, 3], p=[0.85, 0.12, 0.03]), False, odds / odds.sum())] = 1
    return targets


@pytest.mark.parametrize(("n", "n_classes"), [(4970, 80), (180, 12)])
@pytest.mark.parametrize("share", [0.1, 0.2, 0.4])
def test_size_and_label_shares(n, n_classes, share):
    targets = draw_targets(n, n_classes)
    held = hold_out(clip_table(n), targets, SplitSettings(share), seed=3)
    assert held.dtype == bool
    assert held.mean() == pytest.approx(share, abs=0.03)
    # Of each label, the clips held out differ from the share by little more than rounding.
    assert np.abs(targets[held].sum(0) - share * targets.sum(0)).max() <= 3.5
    plain = np.random.default_rng(3).permutation(n) < share * n
    error, plain_error = (np.abs(targets[m].sum(0) - share * targets.sum(0)).mean() for m in (held, plain))
    assert error < 0.6 * plain_error


def test_a_fifth_is_a_fifth():
    """The reason for one of five folds: the library's own two-way split takes 22 % and more."""
    targets = draw_targets(1000, 80)
    share = [hold_out(clip_table(1000), targets, SplitSettings(), seed).mean() for seed in range(5)]
    assert np.mean(share) == pytest.approx(0.2, abs=0.005)
    numbers = np.arange(1000)[:, None]
    assert len(iterative_train_test_split(numbers, targets, 0.2)[2]) / 1000 > 0.22


def test_rare_labels_stay_on_the_training_side():
    targets = np.vstack([draw_targets(200, 10), np.eye(10)[[7, 8, 9]]])
    targets = np.hstack([targets, np.zeros((203, 2))])
    targets[[5, 50], 10] = 1  # two clips, of other labels too
    targets[[6, 60, 160], 11] = 1
    for seed in range(20):
        held = hold_out(clip_table(203), targets, SplitSettings(), seed)
        assert targets[~held].sum(0).min() >= 1


def test_same_seed_same_split_and_numpy_left_as_it_was():
    targets = draw_targets(300, 12)
    np.random.seed(11)  # noqa: NPY002
    expected = np.random.random(3)  # noqa: NPY002
    np.random.seed(11)  # noqa: NPY002
    first, again, other = (hold_out(clip_table(300), targets, SplitSettings(), seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(np.random.random(3), expected)  # noqa: NPY002
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize("n_groups", [2, 3, 40])
def test_whole_groups(n_groups):
    targets = draw_targets(400, 10)
    groups = np.random.default_rng(1).integers(n_groups, size=400).astype(str)
    clips = clip_table(400, groups)
    held = hold_out(clips, targets, SplitSettings(), seed=5)
    assert not set(groups[held]) & set(groups[~held])
    assert held.mean() == pytest.approx(1 / min(5, n_groups), abs=0.06)
    np.testing.assert_array_equal(held, hold_out(clips, targets, SplitSettings(), seed=5))


def test_clips_of_unknown_group_are_dealt_one_by_one():
    targets = draw_targets(300, 6)
    groups = np.where(np.arange(300) < 100, "one recording", "")
    held = hold_out(clip_table(300, groups), targets, SplitSettings(), seed=0)
    assert held[:100].all() or not held[:100].any()
    assert held.mean() == pytest.approx(0.2, abs=0.06)


def test_groups_with_a_label_rarer_than_the_folds():
    """scikit-learn warns of it; in this suite a warning would fail."""
    targets = draw_targets(100, 4)
    targets[:, 3] = 0
    targets[0] = [0, 0, 0, 1]
    assert hold_out(clip_table(100, (np.arange(100) // 5).astype(str)), targets, SplitSettings(), 0).any()


def test_share_zero_holds_out_nothing():
    assert not hold_out(clip_table(4), np.eye(4), SplitSettings(0.0), 0).any()


@pytest.mark.parametrize("share", [-0.1, 1.0, 20, float("nan")])
def test_share_outside_its_range(share):
    with pytest.raises(ValueError, match=r"validation_share: expected .*received"):
        SplitSettings(share)


@pytest.mark.parametrize("n", [5, 6, 9])
@pytest.mark.parametrize("share", [0.2, 0.4, 0.5])
@pytest.mark.parametrize("seed", range(3))
def test_a_share_of_a_few_clips_holds_out_some_and_keeps_some(n, share, seed):
    """Even where each clip is the only one of its label, and an empty fold would keep all labels."""
    held = hold_out(clip_table(n), np.eye(n), SplitSettings(share), seed)
    assert 0 < held.sum() < n


def test_no_fold_that_can_be_held_out_names_the_key(monkeypatch):
    monkeypatch.setattr(splits, "deal_clips", lambda targets, k, seed: [np.arange(6), *[np.arange(0)] * 4])
    with pytest.raises(DatasetError, match=r"enough clips .* received 6; .* set split\.validation_share"):
        hold_out(clip_table(6), np.eye(6), SplitSettings(), 0)


def test_too_few_clips_or_groups():
    with pytest.raises(DatasetError, match=r"at least 5 clips .* received 4"):
        hold_out(clip_table(4), np.eye(4), SplitSettings(), 0)
    with pytest.raises(DatasetError, match=r"at least 2 groups .* received 1"):
        hold_out(clip_table(9, "one"), np.ones((9, 2)), SplitSettings(), 0)
    with pytest.raises(DatasetError, match=r"at least 5 clips of some label .* received 1; .*nearer to 0\.5"):
        hold_out(clip_table(5, list("abcde")), np.eye(5), SplitSettings(), 0)
    with pytest.raises(
        DatasetError, match=r"at least 100 clips .* share of 0\.99 .* 84; .*nearer to 0\.5, or 0"
    ):
        hold_out(clip_table(84), draw_targets(84, 12), SplitSettings(0.99), 0)


@pytest.mark.parametrize(("n", "n_classes", "k"), [(1500, 80, 5), (180, 12, 4), (60, 5, 2)])
def test_folds_have_equal_sizes_and_label_shares(n, n_classes, k):
    targets = draw_targets(n, n_classes)
    fold = folds(clip_table(n), targets, k, seed=3)
    assert np.bincount(fold, minlength=k).tolist() == pytest.approx([n / k] * k, abs=0.04 * n)
    counts = np.array([targets[fold == number].sum(0) for number in range(k)])
    assert np.abs(counts - targets.sum(0) / k).max() <= 3.5
    np.testing.assert_array_equal(fold, folds(clip_table(n), targets, k, seed=3))
    assert (fold != folds(clip_table(n), targets, k, seed=4)).any()


def test_folds_of_whole_groups():
    targets = draw_targets(400, 10)
    groups = np.where(np.arange(400) < 40, "", np.random.default_rng(1).integers(30, size=400).astype(str))
    fold = folds(clip_table(400, groups), targets, 4, seed=5)
    by_group = pd.Series(fold).groupby(groups).nunique()
    assert (by_group.drop("") == 1).all()
    assert by_group[""] == 4, "clips without a group are dealt one by one"
    np.testing.assert_allclose(np.bincount(fold), 100, atol=15)


def test_too_few_clips_or_groups_for_the_folds():
    with pytest.raises(DatasetError, match=r"at least 5 groups of clips for 5 folds, received 3"):
        folds(clip_table(60, (np.arange(60) % 3).astype(str)), draw_targets(60, 4), 5, 0)
    with pytest.raises(DatasetError, match="at least 5 clips for 5 folds, received 4"):
        folds(clip_table(4), np.eye(4), 5, 0)
    with pytest.raises(DatasetError, match="at least 2 folds, received 1"):
        folds(clip_table(4), np.eye(4), 1, 0)


def test_split_written_and_given_back(tmp_path):
    clips, targets = clip_table(60), draw_targets(60, 5)
    held = hold_out(clips, targets, SplitSettings(), 7)
    write_split(tmp_path / "split.csv", clips, held)
    assert (tmp_path / "split.csv").read_text().splitlines()[0] == "fname,part"
    settings = SplitSettings(file=str(tmp_path / "split.csv"))
    order = np.random.default_rng(0).permutation(60)
    np.testing.assert_array_equal(hold_out(clips.iloc[order], targets[order], settings, 0), held[order])


def test_names_that_are_no_file_names_everywhere_are_read_back(tmp_path):
    names, held = ["x/a:00.wav", "x/b\\0.wav", "CON", "c.wav "], np.array([True, False, True, False])
    clips = clip_table(4).assign(fname=names)
    write_split(tmp_path / "split.csv", clips, held)
    assert list(read_split(tmp_path / "split.csv").index) == names
    settings = SplitSettings(file=str(tmp_path / "split.csv"))
    np.testing.assert_array_equal(hold_out(clips, np.eye(4), settings, 0), held)


def test_a_split_file_may_write_names_as_paths(tmp_path):
    (tmp_path / "split.csv").write_text("fname,part\n./a/0.wav,train\na\\1.wav,validation\n")
    clips = clip_table(2).assign(fname=["a/0.wav", "a/1.wav"])
    settings = SplitSettings(file=str(tmp_path / "split.csv"))
    assert hold_out(clips, np.eye(2), settings, 0).tolist() == [False, True]
    (tmp_path / "split.csv").write_text("fname,part\na/0.wav,train\n./a/0.wav,train\na/1.wav,train\n")
    with pytest.raises(DatasetError, match=r"'a/0\.wav' more than once"):
        hold_out(clips, np.eye(2), settings, 0)


@pytest.mark.parametrize("text", ["", "\n\n", "fname,part\n", "fname,part\na.wav,test\n"])
def test_a_damaged_split_is_not_to_be_downloaded(tmp_path, text):
    (tmp_path / "split.csv").write_text(text)
    with pytest.raises(DatasetError, match=r"(; restore or correct it|; correct it)$"):
        read_split(tmp_path / "split.csv")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "fname,part\n0.wav,train\n1.wav,test\n",
            "a part of train or validation, received 'test' for '1.wav'",
        ),
        ("fname,part\n0.wav,train\n1.wav,train\n2.wav,train\n", "clips of this data set, .* '2.wav'"),
        ("fname,part\n0.wav,train\n", "a row for each clip .* none for '1.wav'"),
        ("fname,part\n0.wav,train\n0.wav,train\n", "'0.wav' more than once"),
        ("fname\n0.wav\n", "add part"),
    ],
)
def test_wrong_split_file(tmp_path, text, expected):
    (tmp_path / "split.csv").write_text(text)
    with pytest.raises(DatasetError, match=expected) as error:
        hold_out(clip_table(2), np.eye(2), SplitSettings(file=str(tmp_path / "split.csv")), 0)
    assert "\n" not in str(error.value)


def test_a_split_file_may_name_clips_that_the_data_set_leaves_out(tmp_path):
    (tmp_path / "split.csv").write_text("fname,part\n0.wav,train\nbad.wav,validation\n1.wav,validation\n")
    settings = SplitSettings(file=str(tmp_path / "split.csv"))
    held = hold_out(clip_table(2), np.eye(2), settings, 0, left_out=["bad.wav", "worse.wav"])
    assert held.tolist() == [False, True]
    with pytest.raises(DatasetError, match=r"received also 'bad\.wav'"):
        hold_out(clip_table(2), np.eye(2), settings, 0, left_out=["worse.wav"])


def test_split_file_that_is_not_there(tmp_path):
    with pytest.raises(DatasetError, match="received no file"):
        hold_out(clip_table(2), np.eye(2), SplitSettings(file=str(tmp_path / "none.csv")), 0)


def test_training_clips_of_a_validation_recording_are_kept_apart():
    validation = pd.DataFrame({"fname": ["v", "w"], "group": ["7", ""], "audio_hash": ["aa", "bb"]})
    train = pd.DataFrame(
        {
            "fname": ["same group", "other group", "no group", "same audio", "refused"],
            "group": ["7", "8", "", "", ""],
            "audio_hash": ["cc", "dd", "ee", "bb", ""],
        }
    )
    np.testing.assert_array_equal(keep_apart(train, validation), [False, True, True, False, True])
    without = train.drop(columns="audio_hash")
    np.testing.assert_array_equal(keep_apart(without, validation), [False, True, True, True, True])


def test_hashes_of_two_kinds_cannot_keep_clips_apart():
    validation = pd.DataFrame({"fname": ["v"], "group": "", "audio_hash": "aa"})
    train = pd.DataFrame({"fname": ["a", "b"], "group": "", "audio_hash": ["xxh3:aa", "bb"]})
    expected = r"hashes of one kind.*received 2 BLAKE2b and 1 XXH3-128.*preprocess\.py --force"
    with pytest.raises(DatasetError, match=expected):
        keep_apart(train, validation)
    with pytest.raises(DatasetError, match="received 1 BLAKE2b and 1 XXH3-128"):
        keep_apart(train[:1], validation)
    assert keep_apart(train[1:], validation).all()
    assert keep_apart(train, validation[:0]).all(), "nothing is compared"


def test_the_data_sets_own_hold_out_is_taken():
    own = np.arange(12) % 3 == 0
    clips = pd.DataFrame({"fname": [f"{i}" for i in range(12)], "group": "", "validates": own})
    targets = np.eye(2, dtype="f")[np.arange(12) % 2]
    np.testing.assert_array_equal(hold_out(clips, targets, SplitSettings(), seed=0), own)
    assert not hold_out(clips, targets, SplitSettings(validation_share=0), seed=0).any()
    drawn = hold_out(clips.assign(validates=False), targets, SplitSettings(), seed=0)
    assert drawn.any()
