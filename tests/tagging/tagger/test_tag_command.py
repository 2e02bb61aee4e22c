"""`python -m tagging tag` as a user types it: every format read back, bad files, streams, what is refused."""

import io
import json
import shutil
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import soundfile as sf

from preprocessing.clean import clean_dataset
from tagging import Tagger
from tagging.config.load import load_config
from tagging.datasets import read_dataset
from tagging.tagger.whole_clips import clip_outputs
from tagging.training.train import train_stage
from tests.tag_command_helpers import RATE_HZ, TONES_HZ, refused, tag, tone, unusable
from tests.tagger_helpers import untrained_run

pytestmark = pytest.mark.usefixtures("eagerly")

YAML = """
dataset: {{layout: csv, root: {root}}}
clean_dir: {root}/clean
run_dir: {root}/runs
cleaning: {{rate_hz: 8000, remove_silence: false}}
window: {{window_s: 0.5, hop_s: 0.25}}
frontend: {{n_mels: 16, n_fft: 256, hop_length: 128}}
model: {{name: cnn2d, filters: [4, 4], units: []}}
train: {{batch_size: 12, learning_rate: 0.02, epochs: 8, schedule: constant}}
stages: {{train: {{sources: [train]}}}}
"""


@pytest.fixture(scope="module")
def tones(tmp_path_factory) -> Path:
    """A run that tells three tones apart."""
    root = tmp_path_factory.mktemp("tones")
    names = [name for name in TONES_HZ for _ in range(12)]
    for number, name in enumerate(names):
        sf.write(root / f"{number}.wav", tone(name, 1.0, number), RATE_HZ)
    files = [f"{number}.wav" for number in range(len(names))]
    pd.DataFrame({"path": files, "label": names, "split": "train"}).to_csv(root / "clips.csv", index=False)
    (root / "config.yaml").write_text(YAML.format(root=root))
    config = load_config(root / "config.yaml")
    clean_dataset(read_dataset(config.dataset).clips, config.clean_dir, config.cleaning, progress=False)
    return train_stage(config, "train", jobs=1)


@pytest.fixture
def glued(tmp_path) -> Path:
    """Four stretches of 2 s, at another rate than the run's."""
    path = tmp_path / "glued.wav"
    names = ("low", "high", "middle", "low")
    parts = [tone(name, 2.0, 100 + number, 44_100) for number, name in enumerate(names)]
    sf.write(path, np.concatenate(parts), 44_100)
    return path


def test_the_parts_of_a_glued_file_are_found_with_their_borders(tones, glued, capsys):
    samples, rate_hz = sf.read(glued)
    sf.write(glued, np.stack([samples, 0.5 * samples], axis=1), rate_hz)
    assert (
        tag(glued, "--run", tones, "--timeline", "--hop-s", 0.1, "--min-length-s", 0.5, "--format", "jsonl")
        == 0
    )
    found = json.loads(capsys.readouterr().out)
    assert [segment["label"] for segment in found["segments"]] == ["low", "high", "middle", "low"]
    starts = [segment["start_s"] for segment in found["segments"]]
    np.testing.assert_allclose(starts, [0, 2, 4, 6], atol=0.25)
    assert found["segments"][-1]["end_s"] == found["seconds"] == 8
    assert all(segment["score"] > 0.5 for segment in found["segments"])


def test_smooth_scores_are_those_of_the_library(tones, glued, tmp_path):
    out = tmp_path / "tags.csv"
    assert tag(glued, "--run", tones, "--timeline", "--smooth-s", 1, "--format", "csv", "--out", out) == 0
    expected = Tagger.load(tones).timeline(glued).smoothed(1)
    windows = pd.read_csv(tmp_path / "tags.windows.csv")
    np.testing.assert_allclose(windows[list(expected.names)], expected.scores, rtol=1e-4)
    assert len(pd.read_csv(out)) == len(expected.segments())


def test_tags_are_in_every_format_what_the_library_says(tones, glued, tmp_path, capsys):
    expected = Tagger.load(tones)(glued).top(2)
    assert tag(glued, "--run", tones, "--top", 2, "--jobs", 1) == 0
    first, *lines = capsys.readouterr().out.splitlines()
    assert first == str(glued)  # on a line of its own, as it is long
    for line, (label, score) in zip(lines, expected, strict=True):
        assert line.split() == [f"{score:.3f}", label]
    for ending, read in {
        "csv": lambda path: pd.read_csv(path).to_dict("records"),
        "json": lambda path: [
            {"fname": f["fname"], **t} for f in json.loads(path.read_text()) for t in f["tags"]
        ],
        "jsonl": lambda path: [
            {"fname": f["fname"], **t}
            for f in map(json.loads, path.read_text().splitlines())
            for t in f["tags"]
        ],
    }.items():
        out = tmp_path / "deep" / f"tags.{ending}"
        assert tag(glued, glued, "--run", tones, "--top", 2, "--format", ending, "--out", out) == 0
        rows = read(out)
        assert [row["label"] for row in rows] == [label for label, _ in expected] * 2
        assert [row["score"] for row in rows] == pytest.approx(
            [score for _, score in expected] * 2, abs=1e-12
        )
        assert {row["fname"] for row in rows} == {str(glued)}
    assert {path.suffix for path in (tmp_path / "deep").glob("[!.]*")} == {".csv", ".json", ".jsonl"}
    assert capsys.readouterr().out == ""


def test_timelines_are_in_every_format_what_the_library_says(tones, glued, tmp_path, capsys):
    timeline = Tagger.load(tones).timeline(glued, hop_s=0.5)
    segments, options = timeline.segments(), ("--run", tones, "--timeline", "--hop-s", 0.5)
    assert tag(glued, *options) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == f"{glued}  (0:08.00, {len(timeline.scores)} windows)"
    assert [line.split()[-1] for line in shown[1:]] == [segment.label for segment in segments]
    assert tag(glued, glued, *options, "--format", "csv", "--out", tmp_path / "t.csv") == 0
    table, windows = pd.read_csv(tmp_path / "t.csv"), pd.read_csv(tmp_path / "t.windows.csv")
    assert list(table["label"]) == [segment.label for segment in segments] * 2
    np.testing.assert_allclose(table["end_s"], [segment.end_s for segment in segments] * 2, atol=1e-6)
    np.testing.assert_allclose(table["score"], [segment.score for segment in segments] * 2, atol=1e-6)
    assert tuple(windows.columns) == ("fname", "start_s", "end_s", *timeline.names)
    half = windows[: len(timeline.scores)]
    np.testing.assert_allclose(half[["start_s", "end_s"]], np.stack([timeline.starts_s, timeline.ends_s], 1))
    np.testing.assert_allclose(half[list(timeline.names)], timeline.scores, rtol=1e-5)
    assert tag(glued, *options, "--format", "json", "--out", tmp_path / "t.json") == 0
    (found,) = json.loads((tmp_path / "t.json").read_text())
    assert tuple(found["classes"]) == timeline.names
    np.testing.assert_allclose([window["scores"] for window in found["windows"]], timeline.scores, rtol=1e-5)
    np.testing.assert_allclose([window["end_s"] for window in found["windows"]], timeline.ends_s)
    assert [(s["start_s"], s["label"]) for s in found["segments"]] == [(s.start_s, s.label) for s in segments]


def test_labels_for_audacity_and_a_plot(tones, glued, tmp_path, capsys):
    labels, plot = tmp_path / "labels.txt", tmp_path / "tags.png"
    assert tag(glued, "--run", tones, "--timeline", "--labels", labels, "--plot", plot) == 0
    rows = [line.split("\t") for line in labels.read_text().splitlines()]
    assert [row[2] for row in rows] == ["low", "high", "middle", "low"]
    assert float(rows[0][0]) == 0
    assert float(rows[-1][1]) == 8
    assert plot.read_bytes()[:4] == b"\x89PNG"


def test_a_folder_goes_on_behind_bad_files_and_the_code_says_so(tones, glued, tmp_path, capsys):
    folder = tmp_path / "recordings"
    (folder / "inside" / ".hidden").mkdir(parents=True)
    shutil.copy(glued, folder / "inside" / "good.wav")
    shutil.copy(glued, folder / "inside" / ".hidden" / "x.wav")
    (folder / "bad.wav").write_text("no sound")
    missing = tmp_path / "missing.wav"
    for mode in ([], ["--timeline"]):
        assert tag(folder, missing, glued, "--run", tones, "--format", "jsonl", *mode) == 1
        done = capsys.readouterr()
        names = [json.loads(line)["fname"] for line in done.out.splitlines()]
        assert names == [str(folder / "inside" / "good.wav"), str(glued)]
        bad, lost, count = done.err.splitlines()
        assert bad.startswith(f"{folder / 'bad.wav'}: expected audio")
        assert lost.startswith(f"{missing}: expected a file")
        assert count == "2 of 4 files could not be used"


def test_refused_files_are_listed_next_to_the_output(tones, glued, tmp_path, capsys):
    bad, out = tmp_path / "bad.wav", tmp_path / "tags.csv"
    bad.write_text("no sound")
    assert tag(glued, bad, "--run", tones, "--format", "csv", "--out", out) == 1
    first, _, last = capsys.readouterr().err.splitlines()
    found = pd.read_csv(tmp_path / "tags.refused.csv")
    assert found.to_dict("records") == [{"fname": str(bad), "reason": first.removeprefix(f"{bad}: ")}]
    assert last == f"1 of 2 files could not be used; {tmp_path / 'tags.refused.csv'} lists them all"
    assert tag(glued, "--run", tones, "--format", "csv", "--out", out) == 0
    assert not (tmp_path / "tags.refused.csv").exists(), "it was of an earlier command"


def test_without_a_good_file_lists_are_empty_and_nothing_half_written_stays(tones, tmp_path, capsys):
    out = tmp_path / "out"
    for ending in ("json", "csv", "jsonl"):
        assert tag(unusable(tmp_path), "--run", tones, "--format", ending, "--out", out / f"x.{ending}") == 1
    assert json.loads((out / "x.json").read_text()) == []
    assert (out / "x.jsonl").read_text() == ""
    assert (out / "x.csv").read_text() == "fname,label,score\n"
    capsys.readouterr()
    assert "expected a finished run" in refused(
        capsys, unusable(tmp_path), "--run", tmp_path, "--out", out / "y.csv"
    )
    assert {path.name for path in out.glob("[!.]*")} == {*("x.json", "x.csv", "x.jsonl", "x.refused.csv")}


def test_a_wav_comes_from_standard_input(tones, glued, monkeypatch, capsys):
    expected = Tagger.load(tones)(glued).top(1)[0]
    streamed = bytearray(glued.read_bytes())
    streamed[4:8] = streamed[40:44] = b"\xff" * 4  # as programs write it that do not know the length yet
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(streamed)))
    assert tag("--run", tones, "-", "--top", 1, "--format", "json") == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found == {"fname": "-", "tags": [{"label": expected[0], "score": pytest.approx(expected[1])}]}
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO()))
    assert tag("-", "--run", tones) == 1
    assert capsys.readouterr().err.startswith("-: expected audio, received an empty file")


def test_embeddings_next_to_a_timeline_use_all_jobs(tones, glued, tmp_path, monkeypatch):
    jobs = []

    def outputs(networks, sound, n_jobs):
        jobs.append(n_jobs)
        return clip_outputs(networks, sound, n_jobs)

    monkeypatch.setattr("tagging.tagger.tagger.clip_outputs", outputs)
    assert tag(glued, "--run", tones, "--timeline", "--embeddings", tmp_path / "e.npz", "--jobs", 2) == 0
    assert jobs == [2]


def test_embeddings_of_clips_and_of_windows(tones, glued, tmp_path, capsys):
    tagger, out = Tagger.load(tones), tmp_path / "e.npz"
    names = [str(glued), str(tones.parents[1] / "0.wav")]
    for mode in ([], ["--timeline"]):
        assert tag(*names, "--run", tones, "--embeddings", out, *mode) == 0
        with np.load(out, allow_pickle=False) as found:
            assert found["fname"].tolist() == names
            assert found["embeddings"].dtype == np.float32
            np.testing.assert_allclose(found["embeddings"][0], tagger.embed(glued), atol=1e-5)
            assert "start_s" not in found
        assert tag(*names, "--run", tones, "--embeddings", out, "--per-window", "--hop-s", 0.5, *mode) == 0
        timelines = [tagger.timeline(name, hop_s=0.5, embed=True) for name in names]
        with np.load(out, allow_pickle=False) as found:
            vectors = np.concatenate([timeline.embeddings for timeline in timelines])
            np.testing.assert_allclose(found["embeddings"], vectors, atol=1e-5)
            np.testing.assert_allclose(
                found["end_s"], np.concatenate([timeline.ends_s for timeline in timelines])
            )
            assert found["fname"].tolist() == [
                n for n, t in zip(names, timelines, strict=True) for _ in t.scores
            ]


def test_windows_that_leave_sound_out_are_said_to(tones, glued, capsys):
    assert tag(glued, "--run", tones, "--timeline", "--hop-s", 0.5) == 0
    assert capsys.readouterr().err == ""
    assert tag(glued, "--run", tones, "--timeline", "--hop-s", 2) == 0
    assert capsys.readouterr().err.startswith("windows of 0.5 s every 2 s: ")


def test_values_over_time_are_rows_of_windows(noisy, glued, tmp_path, capsys):
    config = load_config(noisy[0] / "tiny.yaml")
    run = untrained_run(tmp_path / "run", config, ("valence", "energy"), task="regression")
    assert tag(glued, "--run", run) == 0
    assert {line.split()[-1] for line in capsys.readouterr().out.splitlines()[1:]} == {"valence", "energy"}
    assert tag(glued, "--run", run, "--timeline", "--format", "csv", "--plot", tmp_path / "p.png") == 0
    table = pd.read_csv(io.StringIO(capsys.readouterr().out))
    timeline = Tagger.load(run).timeline(glued)
    np.testing.assert_allclose(table[["valence", "energy"]], timeline.scores, rtol=1e-5)
    assert tag(glued, "--run", run, "--timeline") == 0
    assert len(capsys.readouterr().out.splitlines()) == 1 + len(timeline.scores)
    assert "received regression" in refused(capsys, glued, "--run", run, "--timeline", "--threshold", 0.5)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "expected audio files or folders"),
        (["a.wav", "--timeline", "--top", "3"], "--top"),
        (["a.wav", "--min-length-s", "1"], "--min-length-s"),
        (["a.wav", "--smooth-s", "1"], "--smooth-s"),
        (["a.wav", "--plot", "x.png"], "--plot"),
        (["a.wav", "--window-s", "1"], "--window-s"),
        (["a.wav", "--per-window"], "--per-window"),
        (["a.wav", "b.wav", "--timeline", "--labels", "x.txt"], "--labels"),
        (["{tmp}", "--timeline", "--plot", "x.png"], "--plot"),
        (["{tmp}"], "expected audio files under"),
        (["a.wav", "--out", "{tmp}"], "--out: expected a file to write"),
        (["a.wav", "--timeline", "--out", "x.txt", "--labels", "x.txt"], "--labels: x.txt is --out, too"),
        (["a.wav", "--out", "a.wav"], "--out: a.wav would be lost, and this command reads it"),
        (["-", "-"], "error: -:"),
        (["a.wav", "--timeline", "--window-s", "0.001"], "expected windows of at least"),
        (["a.wav", "--timeline", "--window-s", "1e9"], "expected window_s of at most 600"),
        (["a.wav", "--per-window", "--embeddings", "x.npz", "--window-s", "601"], "of at most 600"),
        (["a.wav", "--run", "{run}", "{copy}", "--embeddings", "x.npz"], "expected one run for embeddings"),
    ],
)
def test_what_does_not_go_together_is_refused_in_one_line(
    tones, tmp_path, monkeypatch, capsys, arguments, words
):
    monkeypatch.chdir(tmp_path)
    Path("a.wav").write_text("no sound")
    Path("empty").mkdir()
    copy = tmp_path.with_name("copy")
    shutil.copytree(tones, copy, dirs_exist_ok=True)
    given = [text.format(tmp=tmp_path / "empty", run=tones, copy=copy) for text in arguments]
    assert words in refused(capsys, *given, *([] if "--run" in given else ["--run", tones]))
    assert {path.name for path in tmp_path.rglob("*")} == {"a.wav", "empty"}


def test_help_is_instant(capsys):
    start = time.perf_counter()
    with pytest.raises(SystemExit):
        tag("--help")
    assert time.perf_counter() - start < 0.5
    assert "--timeline" in capsys.readouterr().out
