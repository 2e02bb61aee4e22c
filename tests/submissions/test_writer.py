import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from submissions.ensemble import SubmissionError
from submissions.writer import read_scores, write_scores, write_submission

FNAMES = ["b.wav", "a.wav", "c d.wav"]
CLASSES = ["Bark", "Water_tap_and_faucet", "Male_speech, man"]
SCORES = np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6], [0.7, 0.8, 0.9]])


@pytest.fixture
def sample(tmp_path):
    """Other orders of rows and columns than ours, and a label that needs quotes."""
    path = tmp_path / "sample_submission.csv"
    path.write_text(
        'fname,"Male_speech, man",Bark,Water_tap_and_faucet\na.wav,0,0,0\nc d.wav,0,0,0\nb.wav,0,0,0\n'
    )
    return path


def test_rows_and_columns_are_the_samples(tmp_path, sample):
    assert write_submission(tmp_path / "out.csv", sample, FNAMES, CLASSES, SCORES) == []
    assert (tmp_path / "out.csv").read_text() == (
        'fname,"Male_speech, man",Bark,Water_tap_and_faucet\n'
        "a.wav,0.6,0.4,0.5\nc d.wav,0.9,0.7,0.8\nb.wav,0.3,0.1,0.2\n"
    )


def test_without_a_sample_the_given_order_holds(tmp_path):
    write_submission(tmp_path / "out.csv", None, FNAMES, CLASSES, SCORES)
    written = pd.read_csv(tmp_path / "out.csv")
    assert list(written.columns) == ["fname", *CLASSES]
    assert written["fname"].tolist() == FNAMES
    np.testing.assert_array_equal(written[CLASSES], SCORES)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_score_reads_back_the_same(tmp_path, dtype):
    """Order and ties survive: also of probabilities next to each other, and next to 0 and 1."""
    scores = np.random.default_rng(0).random((200, 3)).astype(dtype)
    scores[0] = [1.0, np.nextafter(dtype(1), dtype(0)), np.finfo(dtype).tiny]
    scores[1] = scores[2, 0]
    fnames = [f"{i}.wav" for i in range(200)]
    write_submission(tmp_path / "out.csv", None, fnames, CLASSES, scores)
    with (tmp_path / "out.csv").open(newline="") as file:
        rows = list(csv.reader(file))[1:]
    np.testing.assert_array_equal([[float(value) for value in row[1:]] for row in rows], scores)


def test_clips_that_the_sample_does_not_ask_for_are_returned(tmp_path, sample):
    fnames, scores = [*FNAMES, "extra.wav"], np.vstack([SCORES, [1.0, 1.0, 1.0]])
    assert write_submission(tmp_path / "out.csv", sample, fnames, CLASSES, scores) == ["extra.wav"]
    assert len(pd.read_csv(tmp_path / "out.csv")) == 3


def test_names_that_look_like_missing_values_stay_names(tmp_path):
    sample = tmp_path / "sample.csv"
    sample.write_text("fname,NA,null\nNaN,0,0\n001,0,0\n")
    write_submission(
        tmp_path / "out.csv", sample, ["001", "NaN"], ["null", "NA"], np.array([[1.0, 2.0], [3.0, 4.0]])
    )
    assert (tmp_path / "out.csv").read_text() == "fname,NA,null\nNaN,4.0,3.0\n001,2.0,1.0\n"


def test_missing_clips_are_named_and_counted(tmp_path):
    sample = tmp_path / "sample.csv"
    sample.write_text("fname,x\n" + "".join(f"{i:02}.wav,0\n" for i in range(14)))
    with pytest.raises(SubmissionError, match=r"of 12: '02.wav', .*'11.wav' and 2 more$"):
        write_submission(tmp_path / "out.csv", sample, ["00.wav", "01.wav"], ["x"], np.zeros((2, 1)))
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    ("fnames", "classes", "scores", "message"),
    [
        (FNAMES, ["Bark", "Hiss", "Male_speech, man"], SCORES, "no scores of 1: 'Water_tap_and_faucet'"),
        (FNAMES, [*CLASSES, "Hiss"], np.ones((3, 4)), "also scores of 1: 'Hiss'"),
        (["a.wav", "a.wav", "b.wav"], CLASSES, SCORES, "more than once 1: 'a.wav'"),
        (FNAMES, ["Bark", "Bark", "Hiss"], SCORES, "more than once 1: 'Bark'"),
        (FNAMES, CLASSES, SCORES[:2], r"shape \(3, 3\), received \(2, 3\)"),
        (FNAMES, CLASSES, np.where(SCORES == 0.5, np.nan, SCORES), "NaN or infinity for 1: 'a.wav'"),
        (FNAMES, CLASSES, np.where(SCORES == 0.5, np.inf, SCORES), "NaN or infinity for 1: 'a.wav'"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(tmp_path, sample, fnames, classes, scores, message):
    with pytest.raises(SubmissionError, match=message) as caught:
        write_submission(tmp_path / "out.csv", sample, fnames, classes, scores)
    assert "\n" not in str(caught.value)


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    write_submission(tmp_path / "out.csv", None, FNAMES, CLASSES, SCORES)
    before = (tmp_path / "out.csv").read_bytes()

    def fail(*_args, **_kwargs):
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_submission(tmp_path / "out.csv", None, FNAMES, CLASSES, 1.0 - SCORES)
    assert (tmp_path / "out.csv").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_scores_round_trip(tmp_path):
    logits = np.random.default_rng(0).normal(size=(3, 3)).astype(np.float32)
    names = ["ñandú «1».wav", 'say "hi".wav', "c.wav"]
    write_scores(tmp_path / "new folder" / "scores.npz", names, CLASSES, logits)
    scores = read_scores(tmp_path / "new folder" / "scores.npz")
    assert scores.fnames == names
    assert scores.classes == CLASSES
    assert scores.logits.dtype == np.float32
    np.testing.assert_array_equal(scores.logits, logits)


def test_scores_hold_no_pickle_and_keep_their_name(tmp_path):
    write_scores(tmp_path / "scores", FNAMES, CLASSES, SCORES)
    with np.load(tmp_path / "scores", allow_pickle=False) as arrays:
        assert {name: arrays[name].dtype.kind for name in arrays} == {
            "fnames": "U",
            "classes": "U",
            "logits": "f",
        }


def _text(path):
    path.write_text("fname,a\n")


def _array(path):
    with path.open("wb") as file:
        np.save(file, np.ones(3))


def _truncated(path):
    write_scores(path, FNAMES, CLASSES, SCORES)
    path.write_bytes(path.read_bytes()[:-40])


def _pickled(path):
    np.savez(path, fnames=np.array(FNAMES, object), classes=CLASSES, logits=SCORES)


@pytest.mark.parametrize(
    "make", [lambda path: path.touch(), _text, _array, _truncated, _pickled, lambda p: np.savez(p, x=1)]
)
def test_other_files_are_no_scores(tmp_path, make):
    make(tmp_path / "scores.npz")
    with pytest.raises(SubmissionError, match=r"expected a scores file .* received .*scores.npz"):
        read_scores(tmp_path / "scores.npz")


@pytest.mark.slow
def test_needs_neither_tensorflow_nor_tagging():
    code = "import sys, submissions.writer; sys.exit(bool({'tensorflow', 'tagging'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603
