"""Features for a clip table: their paths and shapes, only of these very rows, all of the same bands."""

import numpy as np
import pandas as pd
import pytest

from preprocessing.clean import clean_dataset
from preprocessing.feature_settings import FeatureSettings
from preprocessing.folder import CleanFolderError
from preprocessing.settings import CleaningSettings
from tagging.datasets.cleaned import clean_audio, with_clean_audio

SETTINGS = CleaningSettings(features=FeatureSettings(name="stored", transpose=True))


def make_clips(folder, shapes) -> pd.DataFrame:
    """One file a clip, in (bands, steps)."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    paths = [folder / f"{i}.npy" for i in range(len(shapes))]
    for path, shape in zip(paths, shapes, strict=True):
        np.save(path, rng.normal(size=shape))
    return pd.DataFrame({"fname": [path.name for path in paths], "path": paths, "split": "test"})


@pytest.fixture
def clips(tmp_path):
    table = make_clips(tmp_path / "raw", [(140, 68), (140, 3), (2, 2, 2)])
    clean_dataset(table, tmp_path / "clean", SETTINGS, progress=False)
    return table


def test_usable_clips_have_the_shape_of_their_features(tmp_path, clips):
    usable, lost = with_clean_audio(clips, tmp_path / "clean", SETTINGS)
    assert list(usable["steps"]) == [68, 3]
    assert list(usable["bands"]) == [140, 140]
    assert list(usable["path"]) == [tmp_path / "clean/test" / name for name in ("0.npy", "1.npy")]
    assert list(lost["fname"]) == ["2.npy"]


def test_features_are_made_for_the_moment_where_no_folder_fits(tmp_path, clips):
    with clean_audio(clips, [tmp_path / "nowhere"], SETTINGS, 1) as (usable, _):
        assert list(usable["steps"]) == [68, 3]
        assert all(
            path.stat().st_size == 128 + 4 * 140 * n for path, n in zip(usable["path"], (68, 3), strict=True)
        )


def test_audio_has_no_steps(tmp_path, tiny):
    config = tiny.config(tmp_path)
    from tagging.datasets import read_dataset

    usable, _ = with_clean_audio(read_dataset(config.dataset).of("test"), tiny.clean, config.cleaning)
    assert set(usable["steps"]) == set(usable["bands"]) == {0}


def test_clips_of_other_bands_are_one_clear_error(tmp_path):
    table = make_clips(tmp_path / "raw", [(140, 68), (128, 68), (140, 9)])
    clean_dataset(table, tmp_path / "clean", SETTINGS, progress=False)
    with pytest.raises(CleanFolderError) as error:
        with_clean_audio(table, tmp_path / "clean", SETTINGS)
    assert "128 in 1 clip (e.g. 1.npy); 140 in 2 clips (e.g. 0.npy)" in str(error.value)
    assert "\n" not in str(error.value)
    with_clean_audio(table[1:2], tmp_path / "clean", SETTINGS)


def test_a_clip_that_names_another_row_is_another_clip(tmp_path):
    np.save(tmp_path / "X.npy", np.random.default_rng(0).normal(size=(3, 26)))
    table = pd.DataFrame({"fname": list("abc"), "path": tmp_path / "X.npy", "split": "test", "row": range(3)})
    settings = CleaningSettings(features=FeatureSettings(name="stored"))
    clean_dataset(table, tmp_path / "clean", settings, progress=False)
    usable, _ = with_clean_audio(table, tmp_path / "clean", settings)
    assert list(usable["steps"]) == [1, 1, 1]
    with pytest.raises(CleanFolderError, match="was made from other files"):
        with_clean_audio(table.assign(row=[0, 2, 1]), tmp_path / "clean", settings)
