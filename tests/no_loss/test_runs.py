"""Training, sweeps and reports replace and remove nothing but what they made."""

import shutil

import pytest

from tagging.__main__ import main as tagging
from tests.no_loss.commands import train_again, train_noisy

pytestmark = pytest.mark.usefixtures("eagerly")

pytestmark = pytest.mark.usefixtures("eagerly")


@pytest.mark.parametrize("force", [[], ["--force"]])
def test_a_folder_that_is_not_a_run_is_never_replaced(place, tmp_path, force, capsys):
    places = {
        "a class folder named like the stage": shutil.copytree(place.recordings, tmp_path / "a" / "noisy"),
        "clean audio": shutil.copytree(place.clean, tmp_path / "b") / "noisy",
        "a folder named like the work folder": shutil.copytree(
            place.recordings, tmp_path / "c" / "noisy.part"
        ),
        "a run with notes in it": shutil.copytree(place.run, tmp_path / "d" / "noisy"),
    }
    (tmp_path / "d" / "noisy" / "notes.txt").write_text("what I thought of it")
    before = sorted(str(path) for path in tmp_path.rglob("[!.]*"))
    for what, folder in places.items():
        assert train_noisy(place, folder.parent, *force) == 2
        error = capsys.readouterr().err
        assert "would be lost" in error or (what == "a run with notes in it" and not force), error
    assert sorted(str(path) for path in tmp_path.rglob("[!.]*")) == before


def test_a_finished_run_leaves_its_neighbours_alone(place, tmp_path, capsys):
    assert train_noisy(place, tmp_path) == 0
    for name in ("noisy.old", "noisy.bak"):
        shutil.copytree(tmp_path / "noisy", tmp_path / name)
    assert train_noisy(place, tmp_path) == 0
    assert train_noisy(place, tmp_path, "--force") == 0
    assert {path.name for path in tmp_path.iterdir()} == {"noisy", "noisy.old", "noisy.bak", ".noisy.lock"}


def test_a_link_in_place_of_a_run_is_followed(place, tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "noisy").symlink_to(tmp_path / "disk" / "noisy")
    assert train_noisy(place, tmp_path / "runs") == train_noisy(place, tmp_path / "runs", "--force") == 0
    assert (tmp_path / "runs" / "noisy").is_symlink()
    assert (tmp_path / "disk" / "noisy" / "run.json").is_file()


@pytest.mark.parametrize("name", ["trials/notes.txt", "trials/3/notes.txt"])
def test_a_sweep_removes_nothing_but_trials(place, tmp_path, name, capsys):
    def sweep(*options):
        config = ["--config", str(place.config), f"run_dir={tmp_path}", "train.epochs=1", "--stage", "noisy"]
        return tagging(
            ["sweep", *config, "--sweep", str(place.sweep), "--out", str(tmp_path / "s"), *options]
        )

    (tmp_path / "s" / "trials").mkdir(parents=True)
    assert sweep() == sweep("--force") == 2
    (tmp_path / "s" / "trials").rmdir()
    assert sweep() == sweep("--force") == 0
    (tmp_path / "s" / name).parent.mkdir(exist_ok=True)
    (tmp_path / "s" / name).write_text("mine")
    assert sweep("--force") == 2
    assert "would be lost" in capsys.readouterr().err
    assert (tmp_path / "s" / name).read_text() == "mine"


def test_a_finished_run_keeps_what_users_put_into_it(place, finished):
    for name in ("backup/model_v1.keras", "backup/epoch-00001/notes.txt", "best.weights.h5", ".DS_Store"):
        (finished / name).parent.mkdir(parents=True, exist_ok=True)
        (finished / name).write_text("mine")
    before = {path: path.read_bytes() for path in finished.rglob("*") if path.is_file()}
    assert train_again(place, finished) == 0
    assert {path: path.read_bytes() for path in finished.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    "name", ["report_tables/notes.txt", "tensorboard/x.wav", "wandb/mine", "report.html"]
)
def test_force_refuses_a_run_with_files_or_edits_of_others_at_any_depth(place, finished, name, capsys):
    (finished / name).parent.mkdir(exist_ok=True)
    (finished / name).write_text("mine")
    assert train_again(place, finished, "--force") == 2
    assert "would be lost" in capsys.readouterr().err
    assert (finished / name).read_text() == "mine"


def test_a_copy_or_a_link_in_place_of_the_work_folder_replaces_nothing(place, finished, capsys):
    work, model = finished.with_name("noisy.part"), (finished / "model.keras").read_bytes()
    shutil.copytree(finished, work)
    assert train_again(place, finished) == 2
    assert "not newer" in capsys.readouterr().err
    work.rename(finished.with_name("other"))
    work.symlink_to("other")
    assert train_again(place, finished, "--force") == 2
    assert "would be lost" in capsys.readouterr().err
    assert (finished / "model.keras").read_bytes() == (work / "model.keras").read_bytes() == model


def test_a_run_that_a_stage_builds_on_is_not_replaced_by_it(place, finished, capsys):
    options = ("stages.noisy.init=" + str(finished), "--force")
    assert train_again(place, finished, *options) == 2
    assert "builds on it" in capsys.readouterr().err
    assert (finished / "model.keras").is_file()


def test_the_report_of_a_run_replaces_itself_but_no_edits_and_no_targets_of_links(
    place, finished, tmp_path, capsys
):
    assert tagging(["report", str(finished)]) == tagging(["report", str(finished)]) == 0
    (finished / "report.html").write_text("edited")
    assert tagging(["report", str(finished)]) == 2
    (tmp_path / "mine.html").write_text("mine")
    (finished / "report.html").unlink()
    (finished / "report.html").symlink_to(tmp_path / "mine.html")
    assert tagging(["report", str(finished)]) == 2
    assert capsys.readouterr().err.count("would be lost") == 2
    assert (tmp_path / "mine.html").read_text() == "mine"
