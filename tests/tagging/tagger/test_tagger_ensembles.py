"""Several runs in one tagger: whole clips and timelines."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import predict
from tagging import Tagger
from tagging.inference.errors import TaggerError
from tagging.runs.folds import fold_dir, write_folds
from tests.tagger_helpers import made_run, scores_as_test_clips

pytestmark = pytest.mark.usefixtures("eagerly")


def predicted(audio: Path, out: Path, *runs: Path) -> pd.DataFrame:
    """What predict.py says, one row per file."""
    assert (
        predict.main(["--runs", *map(str, runs), "--audio", str(audio), "--out", str(out), "--jobs", "2"])
        == 0
    )
    return pd.read_csv(out).set_index("fname")


def test_several_runs_are_their_ensemble(noisy, audio, tmp_path):
    """A run and two folds: the folds count as one."""
    single = made_run(noisy, tmp_path / "single", "seed=1")
    folds = tmp_path / "folds"
    for fold in (1, 2):
        made_run(noisy, fold_dir(folds, fold) / "curated", f"seed={fold + 1}")
    write_folds(folds, ["x.wav", "y.wav"], np.array([1, 2]))
    expected = scores_as_test_clips(audio, single, folds)
    by_predict = predicted(audio, tmp_path / "p.csv", single, folds)
    pd.testing.assert_frame_equal(by_predict, expected, atol=1e-6)
    tagger = Tagger.load(single, folds)
    parts = [Tagger.load(path) for path in (single, *(fold_dir(folds, fold) / "curated" for fold in (1, 2)))]
    for name, row in expected.iterrows():
        np.testing.assert_allclose(tagger(audio / str(name)).scores, row.to_numpy(), atol=1e-6)
        a, b, c = (part(audio / str(name)).scores for part in parts)
        np.testing.assert_allclose(row.to_numpy(), a / 2 + b / 4 + c / 4, atol=1e-6)
    a, b, c = (part.timeline(audio / "long.wav").scores for part in parts)
    np.testing.assert_allclose(tagger.timeline(audio / "long.wav").scores, a / 2 + b / 4 + c / 4, atol=1e-5)
    assert tagger(audio / "plain.wav").embedding is None
    with pytest.raises(TaggerError, match="expected one run for embeddings, received 3"):
        tagger.embed(audio / "plain.wav")


def test_images_are_made_once_for_runs_that_see_the_same(noisy, audio, tmp_path):
    """Two alike, and one with other bands between them."""
    same = [made_run(noisy, tmp_path / name, f"seed={seed}") for name, seed in (("a", 1), ("c", 2))]
    other = made_run(noisy, tmp_path / "b", "frontend.n_mels=24")
    parts = [Tagger.load(path)(audio / "plain.wav").scores for path in (same[0], other, same[1])]
    tagger = Tagger.load(same[0], other, same[1])
    makers = []
    for number, network in enumerate(tagger._networks.saved):
        to_images, step = network.to_images, network.step
        network.__dict__["to_images"] = lambda x, n=number, f=to_images: (makers.append(n), f(x))[1]
        object.__setattr__(network, "step", lambda x, n=number, f=step: (makers.append(n), f(x))[1])
    np.testing.assert_allclose(tagger(audio / "plain.wav").scores, np.mean(parts, 0), atol=1e-6)
    assert makers == [0, 1]


def test_runs_of_other_windows_and_cleaning_go_together(noisy, audio, tmp_path):
    """Whole clips each in its own way; over time all in windows of the first."""
    paths = [
        made_run(noisy, tmp_path / "a"),
        made_run(
            noisy,
            tmp_path / "b",
            "seed=9",
            "window.window_s=0.5",
            "window.hop_s=0.5",
            "cleaning.remove_silence=false",
        ),
    ]
    expected = scores_as_test_clips(audio, *paths)
    tagger = Tagger.load(*paths)
    np.testing.assert_allclose(
        tagger(audio / "long.wav").scores, expected.loc["long.wav"].to_numpy(), atol=1e-6
    )
    alone = [Tagger.load(path).timeline(audio / "long.wav", window_s=1.0, hop_s=0.5).scores for path in paths]
    np.testing.assert_allclose(tagger.timeline(audio / "long.wav").scores, np.mean(alone, axis=0), atol=1e-5)


def test_runs_that_cannot_go_together_are_refused(noisy, audio, tmp_path):
    paths = [made_run(noisy, tmp_path / "a"), made_run(noisy, tmp_path / "b", "cleaning.rate_hz=8000")]
    with pytest.raises(TaggerError, match=r"one rate for a timeline, received \[8000, 16000\] Hz"):
        Tagger.load(*paths).timeline(audio / "plain.wav")
    ranked = made_run(noisy, tmp_path / "c", "ensemble.method=rank")
    with pytest.raises(TaggerError, match="method=rank"):
        Tagger.load(ranked, paths[0])
    assert len(Tagger.load(ranked)(audio / "plain.wav").scores) == 3  # alone it has nothing to combine
    with pytest.raises(TaggerError, match="at least one run"):
        Tagger.load()
    with pytest.raises(TaggerError, match=r"one by one, as load\(a, b\), received a list"):
        Tagger.load(paths)
