"""preprocess.py replaces and removes nothing but clean audio that it made."""

import shutil

import pytest

from tests.no_loss.commands import preprocess_to


@pytest.mark.parametrize("force", [[], ["--force"]])
def test_a_foreign_folder_is_no_clean_folder(place, tmp_path, force, capsys):
    folder = shutil.copytree(place.recordings, tmp_path / "foreign")
    (folder / "manifest.csv").write_text("mine\n")
    (folder / ".part-1").write_text("mine")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert preprocess_to(place, folder, *force) == 2
    (folder / "cleaning.json").write_text('{"rate_hz": "mine, too"}')
    assert preprocess_to(place, folder, *force) == 2
    (folder / "cleaning.json").unlink()
    assert capsys.readouterr().err.count("other files") == 2
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("force", [[], ["--force"]])
def test_a_clean_folder_with_a_link_to_the_raw_audio_is_refused(place, tmp_path, force, capsys):
    clean = shutil.copytree(place.clean, tmp_path / "clean")
    shutil.rmtree(clean / "noisy")
    (clean / "noisy").symlink_to(place.root / "train_noisy")
    before = place.state()
    assert preprocess_to(place, clean, *force) == 2
    assert "without links" in capsys.readouterr().err
    assert place.state() == before


@pytest.mark.parametrize("force", [[], ["--force"]])
def test_a_file_of_somebody_else_in_a_clean_folder_stays(place, tmp_path, force, capsys):
    clean = shutil.copytree(place.clean, tmp_path / "clean")
    wav = next((clean / "noisy").glob("*.wav"))
    text = (clean / "manifest.csv").read_text().splitlines(keepends=True)
    (clean / "manifest.csv").write_text("".join(line for line in text if wav.name not in line))
    names = (clean / "made.json").read_text().replace(f'"noisy/{wav.name}", ', "")
    (clean / "made.json").write_text(names.replace(f', "noisy/{wav.name}"', ""))
    wav.write_text("mine")
    assert preprocess_to(place, clean, *force) == 0
    assert "did not make" in capsys.readouterr().err
    assert wav.read_text() == "mine"


def test_a_preview_replaces_its_own_files_alone(place, tmp_path, capsys):
    clean = tmp_path / "clean"
    assert preprocess_to(place, clean, "--preview", "2") == preprocess_to(place, clean, "--preview", "2") == 0
    plot = next((tmp_path / "clean_preview").glob("*.png"))
    plot.write_text("mine")
    assert preprocess_to(place, clean, "--preview", "2") == 2
    assert plot.read_text() == "mine"


def test_clean_audio_of_another_data_set_is_not_removed(place, tmp_path, capsys):
    clean = shutil.copytree(place.clean, tmp_path / "clean")
    root = shutil.copytree(place.root, tmp_path / "raw")
    for table in root.glob("*.csv"):
        table.write_text(table.read_text().replace(".wav", "x.wav"))
    for file in root.rglob("*.wav"):
        file.rename(file.with_name(f"{file.stem}x.wav"))
    files = sorted(clean.rglob("*.wav"))
    assert preprocess_to(place, clean, f"dataset.root={root}") == 2
    assert "none of which is in this data set" in capsys.readouterr().err
    assert sorted(clean.rglob("*.wav")) == files


def test_a_clip_that_is_repaired_by_hand_in_the_clean_folder_stays(place, tmp_path, capsys):
    root = shutil.copytree(place.root, tmp_path / "raw")
    broken = next((root / "train_noisy").glob("*.wav"))
    broken.write_text("broken")
    command = (place, tmp_path / "clean", f"dataset.root={root}")
    assert preprocess_to(*command) == 0
    repaired = tmp_path / "clean" / "noisy" / broken.name
    repaired.write_bytes(b"repaired by hand")
    for force in ((), ("--force",)):
        assert preprocess_to(*command, *force) == 0
        assert repaired.read_bytes() == b"repaired by hand"
    assert "did not make" in capsys.readouterr().err
