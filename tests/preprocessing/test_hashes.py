"""Hashes of two kinds: new folders have XXH3-128, and those of older versions keep the BLAKE2b hashes they have."""

import os
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xxhash

from foundation.shards import parse_shard
from preprocessing.clean import clean_dataset, clean_shard
from preprocessing.feature_settings import FeatureSettings
from preprocessing.hashes import BLAKE2B, XXH3, kind_of, kind_of_all, mixture
from preprocessing.manifest import read_rows, write_rows
from preprocessing.settings import CleaningSettings
from preprocessing.summary import closing_table, warnings
from tests.older_folders import blake2b, feature_bytes, sound_bytes, with_older_hashes
from tests.preprocessing.stored_clips import stored_clips

SETTINGS = CleaningSettings()
STORED = CleaningSettings(features=FeatureSettings(name="stored"))
COLUMNS = ["audio_hash", "source_hash", "clean_hash"]


@pytest.fixture
def clips(write, table, sound):
    return table({"curated": [write(f"{i}.wav", sound[i:]) for i in range(4)]})


@pytest.fixture
def arrays(tmp_path) -> pd.DataFrame:
    """Three rows of a file, and one of another kind of file."""
    return stored_clips(tmp_path / "raw", np.random.default_rng(0).normal(size=(3, 5, 4)).astype(np.float32))


def clean(clips, folder: Path, settings=SETTINGS, **options) -> pd.DataFrame:
    return clean_dataset(clips, folder / "clean", settings, **{"jobs": 1, "progress": False, **options})


def xxh3(data: bytes) -> str:
    return f"xxh3:{xxhash.xxh3_128_hexdigest(data)}"


def are_older(manifest: pd.DataFrame) -> bool:
    return bool(manifest[COLUMNS].map(lambda text: len(text) == 32).all(axis=None))


def are_new(manifest: pd.DataFrame) -> bool:
    return bool(
        manifest[COLUMNS].map(lambda text: text.startswith("xxh3:") and len(text) == 37).all(axis=None)
    )


def touch(folder: Path) -> None:
    """As copying does."""
    for path in folder.rglob("*.*"):
        if path.suffix in (".wav", ".npy", ".h5"):
            os.utime(path, ns=(1, 1))


def test_known_values():
    """XXH3-128 of nothing and of `abc`, seed 0, as xxhsum -H2 of xxHash 0.8 prints them."""
    digest = XXH3.new()
    assert XXH3.text(digest) == "xxh3:99aa06d3014798d86001c324468d497f"
    digest.update(b"abc")
    assert XXH3.text(digest) == "xxh3:06b05ab6733a618578af5f94892f3950"
    assert BLAKE2B.text(BLAKE2B.new()) == "cae66941d9efbd404e4d88758ea67670"


def test_a_hash_tells_its_kind():
    assert kind_of("99aa06d3014798d86001c324468d497f") is BLAKE2B
    assert kind_of("xxh3:99aa06d3014798d86001c324468d497f") is XXH3
    assert kind_of_all(["", "xxh3:1"]) is kind_of_all([""]) is XXH3
    assert kind_of_all(["", "xxh3:1", "2"]) is BLAKE2B
    assert mixture(["1", "", "2"]) == mixture(["xxh3:1", ""]) == mixture([]) == ""
    assert mixture(["1", "", "xxh3:1", "2"]) == "2 BLAKE2b and 1 XXH3-128"
    assert pickle.loads(pickle.dumps(XXH3)) == XXH3  # noqa: S301  as workers receive it


def test_what_cannot_be_read_has_no_hash(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "none", tmp_path / "pipe"):
        assert XXH3.of_file(path) == BLAKE2B.of_file(path) == ""


def test_a_new_folder_has_xxh3_of_the_bytes_and_of_the_samples(tmp_path, clips):
    manifest = clean(clips, tmp_path, jobs=2)
    for row, path in zip(manifest.itertuples(), clips["path"], strict=True):
        assert row.source_hash == xxh3(path.read_bytes())
        assert row.audio_hash == xxh3(sound_bytes(path))
        assert row.clean_hash == xxh3((tmp_path / "clean/curated" / row.fname).read_bytes())


def test_so_has_a_new_folder_of_stored_features(tmp_path, arrays):
    manifest = clean(arrays, tmp_path, STORED).set_index("fname")
    assert are_new(manifest)
    assert manifest["audio_hash"]["X.2"] == xxh3(feature_bytes(np.load(tmp_path / "raw/X.npy")[2]))
    assert manifest["source_hash"]["h"] == xxh3((tmp_path / "raw/X.h5").read_bytes())


@pytest.mark.parametrize("options", [{}, {"verify": True}])
def test_an_older_folder_stays_up_to_date(tmp_path, clips, cleaned, options):
    clean(clips, tmp_path)
    with_older_hashes(tmp_path / "clean", clips)
    before = read_rows(tmp_path / "clean")
    cleaned.clear()
    clean(clips, tmp_path, **options)
    assert read_rows(tmp_path / "clean") == before
    touch(tmp_path)
    assert are_older(clean(clips, tmp_path))
    assert cleaned == []


def test_an_older_folder_of_stored_features_stays_up_to_date(tmp_path, arrays, cleaned):
    clean(arrays[:3], tmp_path, STORED)
    with_older_hashes(tmp_path / "clean", arrays)
    touch(tmp_path)
    cleaned.clear()
    manifest = clean(arrays, tmp_path, STORED, verify=True)
    assert cleaned == ["h"]
    assert are_older(manifest)
    assert manifest["audio_hash"][3] == blake2b(feature_bytes(np.load(tmp_path / "raw/X.npy")[0] + 1))


def test_a_folder_without_hashes_of_files_gets_those_of_its_kind(tmp_path, clips, cleaned):
    """As the first versions wrote it: with hashes of sounds alone."""
    clean(clips, tmp_path)
    with_older_hashes(tmp_path / "clean", clips)
    expected = read_rows(tmp_path / "clean")
    plain = {"source_hash": "", "clean_hash": "", "clean_mtime_ns": 0}
    write_rows(tmp_path / "clean", [replace(row, **plain) for row in expected])
    cleaned.clear()
    clean(clips, tmp_path)
    assert cleaned == []
    assert read_rows(tmp_path / "clean") == expected


def test_what_has_changed_in_an_older_folder_is_found(tmp_path, clips, cleaned):
    clean(clips, tmp_path)
    with_older_hashes(tmp_path / "clean", clips)
    for name in ("raw/1.wav", "clean/curated/2.wav"):
        data = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(data[:-2] + b"\1\1")
    cleaned.clear()
    assert are_older(clean(clips, tmp_path))
    assert cleaned == ["1.wav", "2.wav"]


def test_new_clips_of_an_older_folder_are_compared_with_the_old(tmp_path, clips, write, table, sound):
    clean(clips, tmp_path)
    with_older_hashes(tmp_path / "clean", clips)
    more = table({"curated": [*clips["path"], write("copy.wav", sound)]})
    manifest = clean(more, tmp_path)
    assert are_older(manifest)
    assert "2 clips of 1 recording," in closing_table(manifest)


def test_force_makes_new_hashes(tmp_path, clips):
    clean(clips, tmp_path)
    with_older_hashes(tmp_path / "clean", clips)
    assert are_new(clean(clips, tmp_path, force=True))


def test_shards_of_an_older_folder_keep_its_kind(tmp_path, clips, write, table, sound):
    clean(clips, tmp_path)
    with_older_hashes(tmp_path / "clean", clips)
    more = table({"curated": clips["path"], "test": [write(f"t{i}.wav", -sound[i:]) for i in range(4)]})
    for shard in ("1/2", "2/2"):
        part = clean_shard(more, tmp_path / "clean", SETTINGS, parse_shard(shard), progress=False)
        assert are_older(part)
    assert are_older(clean(more, tmp_path))


def test_shards_of_a_new_folder_have_xxh3(tmp_path, clips):
    for shard in ("1/2", "2/2"):
        assert are_new(clean_shard(clips, tmp_path / "clean", SETTINGS, parse_shard(shard), progress=False))
    assert are_new(clean(clips, tmp_path))


def test_a_folder_of_two_kinds_is_named(tmp_path, clips, cleaned):
    """As where an older version has added clips."""
    assert warnings(clean(clips, tmp_path)) == ""
    with_older_hashes(tmp_path / "clean", clips, only=["0.wav"])
    touch(tmp_path)
    cleaned.clear()
    manifest = clean(clips, tmp_path, verify=True)
    assert cleaned == []
    assert warnings(manifest) == (
        "warning: expected hashes of one kind, received 1 BLAKE2b and 3 XXH3-128: the same audio is not found across "
        "them; preprocess.py --force makes all of one kind"
    )
    assert warnings(clean(clips, tmp_path, force=True)) == ""
