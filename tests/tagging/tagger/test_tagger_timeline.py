"""Scores and embeddings over time, in windows of the run's length and of others."""

from dataclasses import replace

import numpy as np
import pytest
import soundfile as sf

from preprocessing.chain import CleanStream
from preprocessing.sound_files import FileSound
from tagging import Tagger
from tagging.evaluation.calibration import read_calibration
from tagging.evaluation.task_kinds import KINDS
from tagging.inference.errors import TaggerError
from tagging.pipeline.pieces import AudioWindows
from tagging.runs.run import read_run
from tagging.tagger import windows
from tagging.tagger.network import LOGITS, rebuilt_network, saved_network
from tagging.tagger.row_options import rows_of
from tests.tagger_helpers import made_run

pytestmark = pytest.mark.usefixtures("eagerly")

KIND = KINDS["multilabel"]


def test_batches_in_parallel_give_the_same(tagger, audio, monkeypatch):
    monkeypatch.setattr(windows, "BATCH", 2)
    path = audio / "long.wav"
    np.testing.assert_allclose(tagger(path, jobs=3).scores, tagger(path).scores, atol=1e-6)
    one, several = (tagger.timeline(path, hop_s=0.1, embed=True, jobs=jobs) for jobs in (1, 3))
    assert len(one.scores) > 8
    np.testing.assert_array_equal(several.starts_s, one.starts_s)
    np.testing.assert_allclose(several.scores, one.scores, atol=1e-6)
    np.testing.assert_allclose(several.embeddings, one.embeddings, rtol=1e-5, atol=1e-5)


def test_a_timeline_has_the_scores_of_the_raw_windows_up_to_the_end(tagger, run, audio):
    """Against the saved model itself, on windows cut here."""
    samples, _ = sf.read(audio / "long.wav", dtype="int16")
    found = tagger.timeline(audio / "long.wav")
    last = len(samples) - 16_000
    starts = [*range(0, last, 8_000), last]
    np.testing.assert_allclose(found.starts_s, np.array(starts) / 16_000)
    np.testing.assert_allclose(found.ends_s, np.array(starts) / 16_000 + 1)
    assert found.seconds == len(samples) / 16_000
    cut = np.stack([samples[start : start + 16_000] for start in starts]) / np.float32(32768)
    logits = run.load_model().predict_on_batch(cut.astype(np.float32))
    expected = read_calibration(run.path).probabilities(KIND, logits)
    expected[np.sqrt(np.square(cut).mean(axis=1)) <= 10 ** (run.info["floor_db"] / 20)] = 0  # silence
    np.testing.assert_allclose(found.scores, expected, atol=1e-5)


def test_a_short_clip_is_repeated_to_fill_a_window(tagger, audio):
    samples, _ = sf.read(audio / "short.flac", dtype="int16")
    found = tagger.timeline(audio / "short.flac")
    assert found.starts_s.tolist() == [0]
    assert found.ends_s.tolist() == [9_000 / 16_000]
    np.testing.assert_allclose(
        found.scores, tagger.timeline(np.resize(samples, 16_000), 16_000).scores, atol=1e-6
    )


def test_windows_of_another_length_overlap_as_those_of_the_run(tagger, audio):
    found = tagger.timeline(audio / "plain.wav", window_s=0.5)
    assert np.diff(found.starts_s)[:-1] == pytest.approx(0.25)
    assert (found.ends_s - found.starts_s) == pytest.approx(0.5)
    other = tagger.timeline(audio / "plain.wav", window_s=0.5, hop_s=0.1)
    np.testing.assert_allclose(other.scores[:1], found.scores[:1], atol=1e-6)
    assert np.diff(other.starts_s)[:-1] == pytest.approx(0.1)


def test_a_rebuilt_network_has_the_weights_of_the_run(run):
    """Built again for the length that it has, it says the same."""
    noise = np.random.default_rng(0).integers(-9_000, 9_000, (3, 16_000)).astype(np.int16)
    pieces = rows_of([run]).pieces
    for ours, saved in zip(
        rebuilt_network(run, 1.0)(pieces, noise), saved_network(run)(pieces, noise), strict=True
    ):
        np.testing.assert_allclose(ours, saved, atol=1e-5)


@pytest.mark.parametrize("window_s", [600.1, 100_000, 1e9])
def test_windows_that_no_memory_holds_are_refused(tagger, audio, window_s):
    with pytest.raises(TaggerError, match=f"expected window_s of at most 600, received {window_s}"):
        tagger.timeline(audio / "plain.wav", window_s=window_s)


def test_windows_may_be_as_long_as_those_of_the_run(run):
    config = run.config
    long = replace(run, config=replace(config, window=replace(config.window, window_s=900.0)))
    assert rows_of([long]).length == rows_of([long], 900.0).length == 900 * 16_000
    assert rows_of([run], 600.0).length == 600 * 16_000
    with pytest.raises(TaggerError, match="at most 900, received 901"):
        rows_of([long], 901.0)


@pytest.mark.parametrize(
    ("window_s", "hop_s"), [(0.0, None), (-1.0, None), (None, 0.0), (float("nan"), None), (1e-3, None)]
)
def test_windows_that_are_none_are_refused(tagger, audio, window_s, hop_s):
    with pytest.raises(TaggerError, match="expected"):
        tagger.timeline(audio / "plain.wav", window_s=window_s, hop_s=hop_s)


def test_a_network_of_one_length_refuses_others(noisy, audio, tmp_path):
    path = made_run(noisy, tmp_path / "mlp", "model.name=mlp", "model.units=[8]")
    tagger = Tagger.load(path)
    assert tagger.timeline(audio / "plain.wav").scores.shape[1] == 3
    with pytest.raises(
        TaggerError, match=r"expected windows of 1 s, as the weights of model.name=mlp.*received 0.5 s"
    ):
        tagger.timeline(audio / "plain.wav", window_s=0.5)


def test_an_embedding_is_what_the_last_layer_makes_logits_of(tagger, run, audio):
    last = run.load_model().get_layer("network").get_layer(LOGITS)
    found = tagger.timeline(audio / "long.wav", embed=True)
    logits = found.embeddings @ last.kernel.numpy() + last.bias.numpy()
    expected = read_calibration(run.path).probabilities(KIND, logits)
    expected[found.is_silent] = 0
    np.testing.assert_allclose(found.scores, expected, atol=1e-5)
    clean = CleanStream(FileSound(audio / "long.wav"), run.config.cleaning, "test").pcm()
    of_clean = tagger.timeline(clean, 16_000, embed=True).embeddings
    np.testing.assert_allclose(tagger.embed(audio / "long.wav"), of_clean.mean(axis=0), atol=1e-5)
    assert tagger.timeline(audio / "plain.wav").embeddings is None


def test_where_attention_pools_logits_the_embedding_is_the_mean_over_time(noisy, audio, tmp_path):
    """Attention starts as a mean, so that the mean of the features gives the logits."""
    path = made_run(
        noisy, tmp_path / "r", "model.name=vgg_cnn", "model.filters=[8, 8]", "model.pool=attention"
    )
    tagger, last = Tagger.load(path), read_run(path).load_model().get_layer("network").get_layer(LOGITS)
    found = tagger.timeline(audio / "plain.wav", embed=True)
    logits = found.embeddings @ last.kernel.numpy() + last.bias.numpy()
    np.testing.assert_allclose(1 / (1 + np.exp(-logits)), found.scores, atol=1e-5)


def test_long_windows_come_in_smaller_batches(tagger, audio, monkeypatch):
    seen, to_input = [], AudioWindows.to_input
    monkeypatch.setattr(AudioWindows, "to_input", lambda self, b: seen.append(b.shape) or to_input(self, b))
    monkeypatch.setattr(windows, "BATCH_VALUES", 60_000)
    whole = tagger.timeline(audio / "long.wav", window_s=1.0, hop_s=0.1)
    tagger.timeline(audio / "long.wav", window_s=0.25, hop_s=0.25)
    tagger(audio / "long.wav")
    assert {length for _, length in seen} == {4_000, 16_000}
    assert max(n for n, length in seen if length == 16_000) == 3
    assert 3 < max(n for n, length in seen if length == 4_000) <= 15
    monkeypatch.undo()
    other = tagger.timeline(audio / "long.wav", window_s=1.0, hop_s=0.1)
    np.testing.assert_allclose(whole.scores, other.scores, atol=1e-6)
