"""No command destroys what it did not make: every option that names a path to write, aimed at every protected file."""

import hashlib
import os
import shutil
import stat
import threading
from pathlib import Path

import pytest

import predict
import preprocess
import train
from tagging.__main__ import main as tagging

MINE = ("mine.csv", "mine.png", "mine.npz", "mine.txt", "mine.html", "mine.yaml")
SWEEP = (
    "method: grid\nmetric: {name: loss, goal: minimize}\nparameters: {seed: {values: [1, 2]}}\nrun_cap: 1\n"
)


class Place:
    """Files that people would miss: recordings, a data set, its clean audio, runs, and files of their own.

    `links` has a link to each of them with any ending that an option may ask for.
    """

    def __init__(self, folder: Path, tiny, run: Path) -> None:
        self.folder, self.precious, self.links = folder, folder / "precious", folder / "links"
        self.root, self.clean, self.run = (self.precious / name for name in ("raw", "clean", "run"))
        shutil.copytree(tiny.root, self.root)
        shutil.copytree(tiny.clean, self.clean)
        for name in ("run", "other_run"):
            shutil.copytree(run, self.precious / name)
        self.recordings = self.precious / "recordings"
        self.recordings.mkdir()
        clips = sorted((self.root / "test").glob("*.wav"))
        for name, clip in zip(("a.wav", "b.wav"), clips, strict=False):
            shutil.copy(clip, self.recordings / name)
        for name in MINE:
            (self.recordings / name).write_text(f"my own {name}")
        self.config = folder / "config.yaml"
        text = Path(tiny.write_config(folder)).read_text()
        self.config.write_text(
            text.replace(str(tiny.root), str(self.root)).replace(str(tiny.clean), str(self.clean))
        )
        self.sweep = folder / "sweep.yaml"
        self.sweep.write_text(SWEEP)

    @property
    def protected(self) -> dict[str, Path]:
        return {
            "input": self.recordings / "a.wav",
            "another recording": self.recordings / "b.wav",
            **{name: self.recordings / name for name in MINE},
            "sample submission": self.root / "sample_submission.csv",
            "labels": self.root / "train_curated.csv",
            "raw clip": next((self.root / "train_noisy").glob("*.wav")),
            "clean clip": next((self.clean / "noisy").glob("*.wav")),
            "manifest": self.clean / "manifest.csv",
            "cleaning settings": self.clean / "cleaning.json",
            **{
                f"run's {name}": self.run / name
                for name in ("config.yaml", "model.keras", "run.json", "curves.png")
            },
            "another run's report": self.precious / "other_run" / "report.html",
        }

    def link(self, target: Path, name: str) -> Path:
        """A fresh link to a file, under a name that an option takes."""
        shutil.rmtree(self.links, ignore_errors=True)
        (self.links / name).parent.mkdir(parents=True)
        (self.links / name).symlink_to(target)
        return self.links / name

    def state(self) -> dict[str, tuple]:
        """All that is there: names, kinds, contents, times."""
        found = {}
        for path in sorted([self.precious, *self.precious.rglob("*")]):
            facts = path.lstat()
            content = (
                hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else os.path.islink(path)
            )
            times = (facts.st_mtime_ns, facts.st_ino) if path.is_file() else ()
            found[str(path)] = (stat.S_IFMT(facts.st_mode), content, *times)
        return found


@pytest.fixture(scope="module")
def place(tiny, noisy, tmp_path_factory) -> Place:
    return Place(tmp_path_factory.mktemp("place"), tiny, noisy[1])


def _predict(p, out):
    return predict.main(["--runs", str(p.run), f"dataset.root={p.root}", "--out", str(out)])


def _predict_audio(p, out):
    return predict.main(["--runs", str(p.run), "--audio", str(p.recordings / "a.wav"), "--out", str(out)])


def _tag(p, *options):
    return tagging(["tag", str(p.recordings / "a.wav"), "--run", str(p.run), *map(str, options)])


def _data(p, *options):
    return [*map(str, options), "--config", str(p.config), f"run_dir={p.folder / 'new_runs'}"]


# Name of the option -> the file that it writes, and the command that writes it there.
OPTIONS = {
    "predict --out": ("x.csv", _predict),
    "predict --audio --out": ("x.csv", _predict_audio),
    "predict, logits": ("x.logits-1.npz", lambda p, file: _predict_audio(p, file.with_name("x.csv"))),
    "tag --out": ("x.csv", lambda p, file: _tag(p, "--out", file)),
    "tag --timeline --out": (
        "x.windows.csv",
        lambda p, file: _tag(p, "--timeline", "--format", "csv", "--out", file.with_name("x.csv")),
    ),
    "tag --labels": ("x.txt", lambda p, file: _tag(p, "--timeline", "--labels", file)),
    "tag --plot": ("x.png", lambda p, file: _tag(p, "--timeline", "--plot", file)),
    "tag --embeddings": ("x.npz", lambda p, file: _tag(p, "--embeddings", file)),
    "report --out": ("x.html", lambda p, file: tagging(["report", str(p.run), "--out", str(file)])),
    "report, tables": (
        "x_tables/scores.csv",
        lambda p, file: tagging(["report", str(p.run), "--out", str(file.parents[1] / "x.html")]),
    ),
    "curves --out": ("x.png", lambda p, file: tagging(["curves", str(p.run), "--out", str(file)])),
    "compare --out": (
        "runs.csv",
        lambda p, file: tagging(["compare", str(p.run), "--out", str(file.parent)]),
    ),
    "plots --out": ("label_shares.png", lambda p, file: tagging(["plots", *_data(p, "--out", file.parent)])),
    "sweep --out": (
        "trials.csv",
        lambda p, file: tagging(
            ["sweep", *_data(p, "--sweep", p.sweep, "--stage", "noisy", "--out", file.parent)]
        ),
    ),
    "train --show-batch": (
        "x.png",
        lambda p, file: train.main([*_data(p, "--stage", "noisy", "--show-batch", file)]),
    ),
    "train --folds": (
        "folds.csv",
        lambda p, file: train.main(
            ["--folds", "2", "--config", str(p.config), f"run_dir={file.parent}", "--force"]
        ),
    ),
}
TARGETS = (
    *(
        "input",
        "another recording",
        *MINE,
        "sample submission",
        "labels",
        "raw clip",
        "clean clip",
        "manifest",
    ),
    *("cleaning settings", "run's config.yaml", "run's model.keras", "run's run.json", "run's curves.png"),
    "another run's report",
)


@pytest.mark.parametrize(
    "targets",
    [("input", "run's config.yaml"), pytest.param(TARGETS, marks=pytest.mark.slow)],
    ids=["some", "all"],
)
@pytest.mark.parametrize("option", OPTIONS)
def test_no_option_replaces_what_is_not_its_own(place, option, targets, capsys):
    name, command = OPTIONS[option]
    before = place.state()
    for target in targets:
        file = place.link(place.protected[target], name)
        assert command(place, file) == 2, target
        message = capsys.readouterr().err.strip().splitlines()[-1]
        assert "would be lost" in message, message
        assert file.is_symlink(), target
    assert place.state() == before


@pytest.mark.parametrize("target", TARGETS)
def test_nor_when_it_is_named_itself(place, target, capsys):
    before, file = place.state(), place.protected[target]
    assert _predict(place, file) == _predict_audio(place, file) == _tag(place, "--out", file) == 2
    assert capsys.readouterr().err.count("would be lost") == 3
    assert place.state() == before


@pytest.mark.parametrize("option", [each for each in OPTIONS if "sweep" not in each and "folds" not in each])
def test_an_output_is_written_twice_in_a_row_and_not_once_it_is_edited(place, option, tmp_path, capsys):
    name, command = OPTIONS[option]
    file, before = tmp_path / "out" / name, place.state()
    assert command(place, file) == 0, capsys.readouterr().err
    first = file.read_bytes()
    assert command(place, file) == 0, capsys.readouterr().err
    assert len(file.read_bytes()) == len(first)
    file.write_bytes(first + b"edited by hand")
    assert command(place, file) == 2
    assert "edited" in capsys.readouterr().err
    assert file.read_bytes() == first + b"edited by hand"
    assert place.state() == before


def test_a_new_file_may_be_written_next_to_recordings_and_replaced(place, tmp_path):
    recordings = shutil.copytree(place.recordings, tmp_path / "recordings")
    argv = [
        "--runs",
        str(place.run),
        "--audio",
        str(recordings / "a.wav"),
        "--out",
        str(recordings / "tags.csv"),
    ]
    assert predict.main(argv) == predict.main(argv) == 0


def test_an_output_of_another_option_is_not_replaced(place, tmp_path, capsys):
    assert _tag(place, "--out", tmp_path / "x.csv") == 0
    assert _predict_audio(place, tmp_path / "x.csv") == 2
    assert "not written by predict.py --out" in capsys.readouterr().err


def test_a_pipe_and_a_device_are_written_to(place, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    read = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "pipe").read_text()))
    reader.start()
    assert _predict_audio(place, tmp_path / "pipe") == 0
    reader.join(timeout=30)
    assert read[0].startswith("fname,")
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    assert _predict_audio(place, Path(os.devnull)) == 0
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


def test_a_link_to_an_output_stays_a_link(place, tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "x.csv").symlink_to(tmp_path / "disk" / "x.csv")
    for _ in range(2):
        assert _tag(place, "--out", tmp_path / "x.csv") == 0
        assert (tmp_path / "x.csv").is_symlink()
        assert (tmp_path / "disk" / "x.csv").stat().st_size


def _train(p, run_dir, *options):
    argv = ["--config", str(p.config), "--stage", "noisy", f"run_dir={run_dir}", "train.epochs=1", *options]
    return train.main(argv)


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
        assert _train(place, folder.parent, *force) == 2
        error = capsys.readouterr().err
        assert "would be lost" in error or (what == "a run with notes in it" and not force), error
    assert sorted(str(path) for path in tmp_path.rglob("[!.]*")) == before


def test_a_finished_run_leaves_its_neighbours_alone(place, tmp_path, capsys):
    assert _train(place, tmp_path) == 0
    for name in ("noisy.old", "noisy.bak"):
        shutil.copytree(tmp_path / "noisy", tmp_path / name)
    assert _train(place, tmp_path) == 0
    assert _train(place, tmp_path, "--force") == 0
    assert {path.name for path in tmp_path.iterdir()} == {"noisy", "noisy.old", "noisy.bak", ".noisy.lock"}


def test_a_link_in_place_of_a_run_is_followed(place, tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "noisy").symlink_to(tmp_path / "disk" / "noisy")
    assert _train(place, tmp_path / "runs") == _train(place, tmp_path / "runs", "--force") == 0
    assert (tmp_path / "runs" / "noisy").is_symlink()
    assert (tmp_path / "disk" / "noisy" / "run.json").is_file()


def _preprocess(p, clean_dir, *options):
    return preprocess.main(["--config", str(p.config), f"clean_dir={clean_dir}", "--jobs", "1", *options])


@pytest.mark.parametrize("force", [[], ["--force"]])
def test_a_foreign_folder_is_no_clean_folder(place, tmp_path, force, capsys):
    folder = shutil.copytree(place.recordings, tmp_path / "foreign")
    (folder / "manifest.csv").write_text("mine\n")
    (folder / ".part-1").write_text("mine")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert _preprocess(place, folder, *force) == 2
    (folder / "cleaning.json").write_text('{"rate_hz": "mine, too"}')
    assert _preprocess(place, folder, *force) == 2
    (folder / "cleaning.json").unlink()
    assert capsys.readouterr().err.count("other files") == 2
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("force", [[], ["--force"]])
def test_a_clean_folder_with_a_link_to_the_raw_audio_is_refused(place, tmp_path, force, capsys):
    clean = shutil.copytree(place.clean, tmp_path / "clean")
    shutil.rmtree(clean / "noisy")
    (clean / "noisy").symlink_to(place.root / "train_noisy")
    before = place.state()
    assert _preprocess(place, clean, *force) == 2
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
    assert _preprocess(place, clean, *force) == 0
    assert "did not make" in capsys.readouterr().err
    assert wav.read_text() == "mine"


def test_a_preview_replaces_its_own_files_alone(place, tmp_path, capsys):
    clean = tmp_path / "clean"
    assert _preprocess(place, clean, "--preview", "2") == _preprocess(place, clean, "--preview", "2") == 0
    plot = next((tmp_path / "clean_preview").glob("*.png"))
    plot.write_text("mine")
    assert _preprocess(place, clean, "--preview", "2") == 2
    assert plot.read_text() == "mine"


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


@pytest.fixture
def finished(place, tmp_path) -> Path:
    """A run that the command of `_train_as_it_was` finds finished."""
    shutil.copytree(place.run, tmp_path / "runs" / "noisy")
    return tmp_path / "runs" / "noisy"


def _train_as_it_was(p, finished, *options):
    return train.main(["--config", str(p.config), "--stage", "noisy", f"run_dir={finished.parent}", *options])


def test_a_finished_run_keeps_what_users_put_into_it(place, finished):
    for name in ("backup/model_v1.keras", "backup/epoch-00001/notes.txt", "best.weights.h5", ".DS_Store"):
        (finished / name).parent.mkdir(parents=True, exist_ok=True)
        (finished / name).write_text("mine")
    before = {path: path.read_bytes() for path in finished.rglob("*") if path.is_file()}
    assert _train_as_it_was(place, finished) == 0
    assert {path: path.read_bytes() for path in finished.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    "name", ["report_tables/notes.txt", "tensorboard/x.wav", "wandb/mine", "report.html"]
)
def test_force_refuses_a_run_with_files_or_edits_of_others_at_any_depth(place, finished, name, capsys):
    (finished / name).parent.mkdir(exist_ok=True)
    (finished / name).write_text("mine")
    assert _train_as_it_was(place, finished, "--force") == 2
    assert "would be lost" in capsys.readouterr().err
    assert (finished / name).read_text() == "mine"


def test_a_copy_or_a_link_in_place_of_the_work_folder_replaces_nothing(place, finished, capsys):
    work, model = finished.with_name("noisy.part"), (finished / "model.keras").read_bytes()
    shutil.copytree(finished, work)
    assert _train_as_it_was(place, finished) == 2
    assert "not newer" in capsys.readouterr().err
    work.rename(finished.with_name("other"))
    work.symlink_to("other")
    assert _train_as_it_was(place, finished, "--force") == 2
    assert "would be lost" in capsys.readouterr().err
    assert (finished / "model.keras").read_bytes() == (work / "model.keras").read_bytes() == model


def test_a_run_that_a_stage_builds_on_is_not_replaced_by_it(place, finished, capsys):
    options = ("stages.noisy.init=" + str(finished), "--force")
    assert _train_as_it_was(place, finished, *options) == 2
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


def test_clean_audio_of_another_data_set_is_not_removed(place, tmp_path, capsys):
    clean = shutil.copytree(place.clean, tmp_path / "clean")
    root = shutil.copytree(place.root, tmp_path / "raw")
    for table in root.glob("*.csv"):
        table.write_text(table.read_text().replace(".wav", "x.wav"))
    for file in root.rglob("*.wav"):
        file.rename(file.with_name(f"{file.stem}x.wav"))
    files = sorted(clean.rglob("*.wav"))
    assert _preprocess(place, clean, f"dataset.root={root}") == 2
    assert "none of which is in this data set" in capsys.readouterr().err
    assert sorted(clean.rglob("*.wav")) == files


def test_a_clip_that_is_repaired_by_hand_in_the_clean_folder_stays(place, tmp_path, capsys):
    root = shutil.copytree(place.root, tmp_path / "raw")
    broken = next((root / "train_noisy").glob("*.wav"))
    broken.write_text("broken")
    command = (place, tmp_path / "clean", f"dataset.root={root}")
    assert _preprocess(*command) == 0
    repaired = tmp_path / "clean" / "noisy" / broken.name
    repaired.write_bytes(b"repaired by hand")
    for force in ((), ("--force",)):
        assert _preprocess(*command, *force) == 0
        assert repaired.read_bytes() == b"repaired by hand"
    assert "did not make" in capsys.readouterr().err
