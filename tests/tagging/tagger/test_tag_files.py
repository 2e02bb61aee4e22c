"""What `python -m tagging tag` reads and writes: odd names, empty folders, audio that stays, pipes and links."""

import functools
import io
import json
import os
import stat
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf

from tagging import Tagger
from tagging.config.load import load_config
from tagging.inference.results import Timeline
from tests.tag_command_helpers import RATE_HZ, refused, tag, tone, unusable
from tests.tagger_helpers import untrained_run

pytestmark = pytest.mark.usefixtures("eagerly")

CLASSES = ("a", "b", "c")
YAML = """
dataset: {{layout: csv, root: {root}}}
run_dir: {root}/runs
cleaning: {{rate_hz: 8000, min_kept_s: 0}}
window: {{window_s: 0.5, hop_s: 0.25}}
frontend: {{n_mels: 16, n_fft: 256, hop_length: 128}}
model: {{name: simple_cnn, units: [4]}}
stages: {{train: {{sources: [train]}}}}
"""


@pytest.fixture(scope="module")
def load():
    return functools.cache(Tagger.load)


@pytest.fixture(autouse=True)
def loaded_once(load, monkeypatch):
    monkeypatch.setattr(Tagger, "load", load)


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("untrained")
    (root / "config.yaml").write_text(YAML.format(root=root))
    return root


@pytest.fixture(scope="module")
def run(root) -> Path:
    """Several labels a clip, silence removed."""
    return untrained_run(root / "labels", load_config(root / "config.yaml"), CLASSES)


@pytest.fixture(scope="module")
def values(root) -> Path:
    """Regression, silence left in."""
    config = load_config(root / "config.yaml", ["cleaning.remove_silence=false"])
    return untrained_run(root / "values", config, CLASSES, task="regression")


@pytest.fixture
def rec(tmp_path, monkeypatch) -> Path:
    """A folder of one recording, where the command runs."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rec").mkdir()
    sf.write(tmp_path / "rec" / "a.wav", tone("low", 1.0, 0), RATE_HZ)
    return tmp_path / "rec"


def read_npz(path: Path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as found:
        return dict(found)


def test_bytes_of_a_name_that_are_no_text_are_spelt_out(run, rec, capsys):
    try:
        odd = (rec / "a.wav").rename(os.fsdecode(os.fsencode(rec) + b"/caf\xe9.wav"))
    except OSError:
        pytest.skip("the file system takes no such names")
    name = str(rec / "caf%E9.wav")
    assert tag(rec, "--run", run) == 0
    assert capsys.readouterr().out.startswith(name)
    for ending in ("csv", "json", "jsonl"):
        out = rec.parent / f"tags.{ending}"
        assert tag(rec, odd, "--run", run, "--format", ending, "--out", out) == 0
        found = pd.read_csv(out) if ending == "csv" else pd.read_json(out, lines=ending == "jsonl")
        assert set(found["fname"]) == {name}
    written = ("--plot", "p.png", "--labels", "l.txt", "--embeddings", "e.npz")
    assert tag(odd, "--run", run, "--timeline", *written) == 0
    assert read_npz(Path("e.npz"))["fname"].tolist() == [name]


def test_a_screen_without_a_letter_spells_it_out(run, rec, monkeypatch):
    (rec / "a.wav").rename(rec / "größe.wav")
    screen = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", screen)
    assert tag("rec", "--run", run, "--top", 1) == 0
    assert screen.buffer.getvalue().startswith(rb"rec/gr\xf6\xdfe.wav")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["rec", "--out", "rec/a.wav"], "--out: rec/a.wav would be lost"),
        (["rec/a.wav", "--out", "{tmp}/rec/a.wav"], "would be lost, and this command reads it"),
        (["rec", "--out", "link"], "--out: link would be lost"),
        (["rec/a.wav", "--timeline", "--plot", "rec/../link.png"], "--plot: rec/../link.png would be lost"),
        (["rec", "--embeddings", "link.npz"], "--embeddings: link.npz would be lost"),
        (
            ["rec/a.wav", "--timeline", "--out", "x.txt", "--labels", "rec/../x.txt"],
            "--labels: rec/../x.txt is --out, too",
        ),
        (
            ["rec/a.wav", "--timeline", "--format", "csv", "--out", "t.txt", "--labels", "t.windows.txt"],
            "--labels: t.windows.txt is the windows of --out, too",
        ),
        (
            ["rec/b.windows.wav", "--timeline", "--format", "csv", "--out", "rec/b.wav"],
            "the windows of --out: rec/b.windows.wav would be lost",
        ),
    ],
)
def test_nothing_is_written_over_the_audio_or_twice(run, rec, capsys, arguments, words):
    for name in ("link", "link.npz", "link.png", "rec/b.windows.wav"):
        (rec.parent / name).symlink_to(rec / "a.wav")
    before = {path: path.read_bytes() for path in rec.parent.rglob("*") if path.is_file()}
    assert words in refused(capsys, *(text.format(tmp=rec.parent) for text in arguments), "--run", run)
    assert {path: path.read_bytes() for path in rec.parent.rglob("*") if path.is_file()} == before


def test_tags_may_lie_next_to_the_audio(run, rec, capsys):
    for _ in range(2):
        assert tag("rec", "--run", run, "--format", "csv", "--out", "rec/tags.csv") == 0
        assert set(pd.read_csv("rec/tags.csv")["fname"]) == {"rec/a.wav"}


def test_a_clip_without_an_embedding_is_listed_and_the_others_go_on(run, rec, capsys):
    sf.write(rec / "_silent.wav", np.zeros(RATE_HZ), RATE_HZ)  # whole, its silence goes, and nothing remains
    assert tag("rec", "--run", run, "--timeline", "--embeddings", "e.npz", "--format", "jsonl") == 1
    done = capsys.readouterr()
    assert [json.loads(line)["fname"] for line in done.out.splitlines()] == ["rec/a.wav"]
    assert done.err.startswith("rec/_silent.wav: expected sound")
    assert read_npz(Path("e.npz"))["fname"].tolist() == ["rec/a.wav"]


@pytest.mark.parametrize("mode", [[], ["--timeline"], ["--per-window"]])
def test_without_a_usable_file_embeddings_are_empty(run, rec, tmp_path, capsys, mode):
    out = tmp_path / "e.npz"
    assert tag("rec/a.wav", "--run", run, "--embeddings", out) == 0
    assert tag(unusable(tmp_path), "--run", run, "--embeddings", out, *mode) == 1
    found = read_npz(out)
    assert found["fname"].shape == (0,)
    assert found["embeddings"].shape == (0, 0)
    assert set(found) == {"fname", "embeddings"} | ({"start_s", "end_s"} if "--per-window" in mode else set())


def test_without_a_usable_file_the_label_track_is_empty(run, rec, tmp_path, capsys):
    out = tmp_path / "l.txt"
    assert tag("rec/a.wav", "--run", run, "--timeline", "--threshold", 0, "--labels", out) == 0
    assert out.read_text()
    assert tag(unusable(tmp_path), "--run", run, "--timeline", "--labels", out) == 1
    assert out.read_text() == ""


@pytest.mark.parametrize(
    ("mode", "columns"),
    [
        ([], ["fname", "label", "score"]),
        (["--timeline"], ["fname", "start_s", "end_s", "label", "score"]),
    ],
)
def test_without_a_usable_file_tables_have_their_columns(run, values, tmp_path, capsys, mode, columns):
    written = ("--format", "csv", "--out", tmp_path / "t.csv")
    assert tag(unusable(tmp_path), "--run", run, *written, *mode) == 1
    assert list(pd.read_csv(tmp_path / "t.csv").columns) == columns
    windows = ["fname", "start_s", "end_s", *CLASSES]
    if mode:
        assert list(pd.read_csv(tmp_path / "t.windows.csv").columns) == windows
        (tmp_path / "t.windows.csv").unlink()
    assert tag(unusable(tmp_path), "--run", values, *written, *mode) == 1
    assert list(pd.read_csv(tmp_path / "t.csv").columns) == (windows if mode else columns)
    assert not (tmp_path / "t.windows.csv").exists()  # its rows are the table


def test_an_empty_folder_is_listed_and_the_others_go_on(run, rec, capsys):
    Path("empty").mkdir()
    assert tag("empty", "rec/a.wav", "--run", run, "--format", "jsonl") == 1
    done = capsys.readouterr()
    assert json.loads(done.out)["fname"] == "rec/a.wav"
    assert "empty" in done.err
    assert len(done.err.splitlines()) == 1
    assert "empty" in refused(capsys, "empty", "empty", "--run", run)


def test_a_link_stays_a_link(run, rec):
    (rec.parent / "there").mkdir()
    Path("tags.csv").symlink_to("there/tags.csv")
    for _ in range(2):  # the first makes what the link names
        assert tag("rec", "--run", run, "--format", "csv", "--out", "tags.csv") == 0
        assert Path("tags.csv").is_symlink()
        assert len(pd.read_csv("there/tags.csv")) == len(CLASSES)
    assert {path.name for path in Path("there").glob("[!.]*")} == {"tags.csv"}


def test_labels_and_embeddings_go_to_pipes_too(run, rec):
    os.mkfifo("pipe")
    end = os.open("pipe", os.O_RDWR | os.O_NONBLOCK)
    try:
        options = ("--threshold", 0, "--out", "x", "--labels", "pipe")
        assert tag("rec/a.wav", "--run", run, "--timeline", *options) == 0
        assert os.read(end, 100).startswith(b"0.000000\t")
    finally:
        os.close(end)


@pytest.mark.parametrize("out", ["file/x.csv", "file/deep/x.csv"])
def test_where_nothing_can_be_written_the_name_that_was_given_is_said(run, rec, capsys, out):
    Path("file").touch()
    line = refused(capsys, "rec", "--run", run, "--out", out)
    assert f"expected a file that can be written, received {out}: " in line
    assert "Errno" not in line
    assert ".part" not in line


def test_a_pattern_without_a_file_is_said_to_be_one(run, rec, capsys):
    assert tag("rec/*.flac", "rec/b.wav", "rec/a.wav", "--run", run) == 1
    pattern, missing, _ = capsys.readouterr().err.splitlines()
    assert pattern.endswith("'*.flac' does not exist: no file has a name of this pattern")
    assert missing.endswith("'b.wav' does not exist")


def test_a_pipe_stays_a_pipe_and_has_no_file_of_windows_next_to_it(run, rec):
    os.mkfifo("pipe")
    end = os.open("pipe", os.O_RDWR | os.O_NONBLOCK)
    try:
        assert tag("rec", "--run", run, "--timeline", "--format", "csv", "--out", "pipe") == 0
        assert os.read(end, 100).startswith(b"fname,start_s,end_s,label,score\n")
    finally:
        os.close(end)
    assert stat.S_ISFIFO(os.stat("pipe").st_mode)
    assert {path.name for path in Path().iterdir()} == {"pipe", "rec"}


def test_a_reader_that_has_enough_ends_it_quietly(run, rec, monkeypatch, capsys):
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as screen:
        monkeypatch.setattr(sys, "stdout", screen)
        assert tag("rec", "--run", run) == 141  # as shells have it for SIGPIPE
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("option", "mode"),
    [
        ("--threshold=0.5", []),
        ("--threshold=0.5", ["--timeline"]),
        ("--min-length-s=1", ["--timeline"]),
        ("--max-gap-s=0", ["--timeline"]),
        ("--labels=x.txt", ["--timeline"]),
    ],
)
def test_labels_of_values_are_refused_before_any_file_is_read(values, tmp_path, capsys, option, mode):
    line = refused(capsys, unusable(tmp_path), "--run", values, *mode, option)
    assert f"{option.partition('=')[0]} applies to labels" in line
    assert "received regression" in line


def test_a_threshold_lists_all_tags_that_reach_it(run, rec, capsys):
    scores = dict(Tagger.load(run)(rec / "a.wav").top(3))
    second = sorted(scores.values())[1]

    def listed(*options: object) -> list[str]:
        assert tag("rec", "--run", run, "--format", "json", *options) == 0
        return [tag["label"] for tag in json.loads(capsys.readouterr().out)[0]["tags"]]

    assert listed("--threshold", 0) == list(scores)
    assert listed("--threshold", second) == list(scores)[:2]
    assert listed("--threshold", second, "--top", 1) == list(scores)[:1]
    assert listed("--threshold", 1) == []
    assert tag("rec", "--run", run, "--threshold", 1) == 0
    assert capsys.readouterr().out == f"{'rec/a.wav':<32}  no label reaches the threshold\n"


def test_segments_are_chosen_as_the_options_say(run, rec, monkeypatch):
    asked = []
    monkeypatch.setattr(Timeline, "segments", lambda self, *given: asked.append(given) or [])
    assert tag("rec", "--run", run, "--timeline") == 0
    options = ("--threshold", 0.4, "--min-length-s", 0.15, "--max-gap-s", 0.25)
    assert tag("rec", "--run", run, "--timeline", *options) == 0
    assert asked == [(None, 0, 0), (0.4, 0.15, 0.25)]


def test_a_terminal_shows_how_many_files_are_done(run, rec, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    sf.write(rec / "b.wav", tone("low", 1.0, 0), RATE_HZ)
    assert tag("rec", "none.wav", "--run", run, "--out", "tags.txt") == 1
    shown_there = capsys.readouterr().err
    assert "tagging: " in shown_there
    assert "/3 [" in shown_there
    assert "none.wav: expected a file" in shown_there
    assert tag("rec/a.wav", "--run", run, "--out", "tags.txt") == 0
    assert capsys.readouterr().err == "tags.txt: 1 file tagged\n"


def test_the_files_that_were_written_are_named(run, rec, capsys):
    over_time = ("--timeline", "--labels", "a.txt", "--plot", "a.png")
    assert tag("rec/a.wav", "--run", run, "--out", "a.csv", *over_time) == 0
    assert capsys.readouterr().err == "a.csv, a.txt, a.png: 1 file tagged\n"
    assert tag("none.wav", "rec/a.wav", "--run", run, "--out", "tags.csv") == 1
    assert "tags.csv: 1 file tagged" in capsys.readouterr().err.splitlines()
