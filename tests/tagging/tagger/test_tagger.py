"""The library: the scores that test clips have, calibrated, over time too, of runs alone and together."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
from scipy.special import expit, logit, softmax

import predict
import tagging
from preprocessing.chain import CleanStream
from preprocessing.errors import DecodeError
from preprocessing.sound_files import FileSound, decode
from tagging import Tagger
from tagging.config.load import load_config
from tagging.evaluation.calibration import Calibration, read_calibration, write_calibration
from tagging.evaluation.task_kinds import KINDS
from tagging.inference.errors import TaggerError
from tagging.pipeline.pieces import AudioWindows, feature_sequences
from tagging.runs.folds import fold_dir, write_folds
from tagging.runs.run import Run, read_run
from tagging.tagger import whole_clips, windows
from tagging.tagger.clips import clean_sound
from tagging.tagger.network import LOGITS, rebuilt_network, saved_network
from tagging.tagger.row_options import rows_of
from tests.tagger_helpers import scores_as_test_clips, untrained_run

pytestmark = pytest.mark.usefixtures("eagerly")

CLASSES, KIND = tuple("abc"), KINDS["multilabel"]
OF_FEATURES = (
    *("model.name=rnn", "model.rnn_units=4", "model.units=null", "frontend.n_mels=80"),
    *("window.window_s=3.0", "window.hop_s=1.5"),
)


@pytest.fixture(scope="module")
def run(noisy) -> Run:
    return read_run(noisy[1])


@pytest.fixture(scope="module")
def tagger(run) -> Tagger:
    return Tagger.load(run.path)


@pytest.fixture(scope="module")
def audio(tiny, tmp_path_factory) -> Path:
    """A folder of files of all kinds; one shorter than a window, one with long silences."""
    folder = tmp_path_factory.mktemp("audio")
    clips = [decode(path)[0][:, 0] for path in sorted((tiny.root / "test").iterdir())[:3]]
    sf.write(folder / "plain.wav", clips[0], 16_000)
    sf.write(folder / "short.flac", clips[1][:9_000], 16_000)
    sf.write(folder / "stereo.mp3", np.stack([clips[2], 0.5 * clips[2]], axis=1), 44_100)
    pause = np.zeros(48_000)
    sf.write(folder / "long.wav", np.concatenate([clips[0], pause, clips[1], pause, clips[2]]), 16_000)
    return folder


def predicted(audio: Path, out: Path, *runs: Path) -> pd.DataFrame:
    """What predict.py says, a row a file."""
    assert (
        predict.main(["--runs", *map(str, runs), "--audio", str(audio), "--out", str(out), "--jobs", "2"])
        == 0
    )
    return pd.read_csv(out).set_index("fname")


def made_run(noisy, folder: Path, *overrides: str, **options) -> Path:
    return untrained_run(folder, load_config(noisy[0] / "tiny.yaml", overrides), CLASSES, **options)


def test_scores_are_those_of_test_clips_at_the_run_s_temperature(tagger, run, audio):
    expected = scores_as_test_clips(audio, run.path)
    assert tuple(expected.columns) == tagger.names
    temperature = read_calibration(run.path).temperature
    assert abs(np.log(temperature)) > 0.05
    for name, row in expected.iterrows():
        at_temperature = expit(logit(row.to_numpy()) / temperature)
        np.testing.assert_allclose(tagger(audio / str(name)).scores, at_temperature, atol=1e-6)
    assert expected.to_numpy().std(axis=0).max() > 1e-3  # the files differ by more than the tolerance


def test_files_in_parallel_are_in_their_order_and_bad_ones_in_their_place(tagger, audio, tmp_path):
    bad = tmp_path / "bad.wav"
    bad.write_text("no sound")
    paths = [audio / "plain.wav", bad, *sorted(audio.iterdir())] * 2
    found = list(tagger.each(paths, jobs=2))
    assert [path for path, _ in found] == paths
    for path, tags in found:
        if path == bad:
            assert isinstance(tags, DecodeError)
        else:
            np.testing.assert_allclose(tags.scores, tagger(path).scores, atol=1e-6)


def test_a_name_that_no_file_can_have_is_refused_like_a_file_that_is_not_there(tagger, audio):
    names = [f"{'n' * 300}.wav", "a\0.wav", "none.wav", "plain.wav"]
    found = [result for _, result in tagger.each([audio / name for name in names])]
    assert [isinstance(result, DecodeError) for result in found] == [True, True, True, False]


def test_batches_in_parallel_give_the_same(tagger, audio, monkeypatch):
    monkeypatch.setattr(windows, "BATCH", 2)
    path = audio / "long.wav"
    np.testing.assert_allclose(tagger(path, jobs=3).scores, tagger(path).scores, atol=1e-6)
    one, several = (tagger.timeline(path, hop_s=0.1, embed=True, jobs=jobs) for jobs in (1, 3))
    assert len(one.scores) > 8
    np.testing.assert_array_equal(several.starts_s, one.starts_s)
    np.testing.assert_allclose(several.scores, one.scores, atol=1e-6)
    np.testing.assert_allclose(several.embeddings, one.embeddings, rtol=1e-5, atol=1e-5)


def test_one_strange_file_does_not_stop_the_others(tagger, audio, monkeypatch):
    def clean(sound, cleaning):
        if sound.path.name == "strange.wav":
            raise RuntimeError("no\nidea")
        return clean_sound(sound, cleaning)

    monkeypatch.setattr(whole_clips, "clean_sound", clean)
    found = dict(tagger.each([audio / name for name in ("strange.wav", "plain.wav")]))
    assert "makes the program fail (RuntimeError: no idea)" in str(found[audio / "strange.wav"])
    assert found[audio / "plain.wav"].scores.shape == tagger.thresholds.shape


def test_a_file_that_is_strange_when_it_is_decoded_again_does_not_stop_the_others(tagger, audio, monkeypatch):
    def broken():
        yield np.zeros(100, np.int16)
        raise RuntimeError("no idea")

    def clean(sound, cleaning):
        return broken() if sound.path.name == "strange.wav" else clean_sound(sound, cleaning)

    monkeypatch.setattr(whole_clips, "clean_sound", clean)
    found = dict(tagger.each([audio / name for name in ("strange.wav", "plain.wav")]))
    assert "makes the program fail (RuntimeError: no idea)" in str(found[audio / "strange.wav"])
    assert found[audio / "plain.wav"].scores.shape == tagger.thresholds.shape


@pytest.mark.parametrize(("jobs", "groups"), [(1, [2, 1, 2]), (2, [2, 1, 2]), (3, [2, 1, 2]), (5, [1] * 5)])
def test_short_clips_share_batches_and_long_ones_do_not(tmp_path, monkeypatch, jobs, groups):
    monkeypatch.setattr(whole_clips, "GROUP", 2)
    monkeypatch.setattr(whole_clips, "GROUP_BYTES", 100)
    sounds = []
    for number, n_bytes in enumerate((40, 60, 41, 60, 40)):
        (tmp_path / str(number)).write_bytes(bytes(n_bytes))
        sounds.append(FileSound(tmp_path / str(number)))
    found = list(whole_clips.groups_of(sounds, jobs))
    assert [len(group) for group in found] == groups
    assert [sound for group in found for sound in group] == sounds


def test_clips_that_share_batches_keep_their_own_windows(tagger, audio, tmp_path, monkeypatch):
    """A clip that fails halfway leaves windows in a batch with those of its neighbours."""
    calls = []

    def broken():
        yield np.full(40_000, 1_000, np.int16)
        raise RuntimeError("no idea")

    def clean(sound, cleaning):
        return broken() if sound.path.name == "strange.wav" else clean_sound(sound, cleaning)

    network = tagger._networks.saved[0]
    counted = replace(network, step=lambda inputs: (calls.append(len(inputs)), network.step(inputs))[1])
    expected = {path: tagger(path) for path in sorted(audio.iterdir())}
    monkeypatch.setattr(whole_clips, "clean_sound", clean)
    monkeypatch.setattr(tagger._networks, "saved", [counted])
    paths = [audio / "plain.wav", tmp_path / "strange.wav", audio / "short.flac", audio / "stereo.mp3"]
    found = dict(tagger.each(paths))
    assert len(calls) == 1, "one batch for all"
    assert isinstance(found.pop(tmp_path / "strange.wav"), DecodeError)
    for path, tags in found.items():
        np.testing.assert_allclose(tags.scores, expected[path].scores, atol=1e-6)
        np.testing.assert_allclose(tags.embedding, expected[path].embedding, rtol=1e-5, atol=1e-6)
        assert tags.silent == expected[path].silent


def test_samples_are_tagged_as_the_file_they_are_in(tagger, audio):
    samples, rate_hz = decode(audio / "stereo.mp3")
    np.testing.assert_allclose(
        tagger(samples, rate_hz).scores, tagger(audio / "stereo.mp3").scores, atol=1e-6
    )
    with pytest.raises(TaggerError, match="expected rate_hz"):
        tagger(samples)
    with pytest.raises(TaggerError, match="expected no rate_hz"):
        tagger(audio / "plain.wav", 16_000)


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
    """Built anew for the length that it has, it says the same."""
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


def test_runs_on_offline_features_tag_whole_clips_only(noisy, audio, tmp_path):
    options = ("cleaning.features={name: mel, n_mels: 20, n_fft: 512}", "sequence.max_steps=30")
    config = load_config(noisy[0] / "tiny.yaml", [*OF_FEATURES, *options])
    path = untrained_run(tmp_path / "r", config, CLASSES, pieces=feature_sequences(config.sequence, 20))
    tagger, expected = Tagger.load(path), scores_as_test_clips(audio, path)
    for name, row in expected.iterrows():
        np.testing.assert_allclose(tagger(audio / str(name)).scores, row.to_numpy(), atol=1e-5)
    with pytest.raises(TaggerError, match=r"features of whole clips \(cleaning.features.name=mel\)"):
        tagger.timeline(audio / "plain.wav")


def test_silence_is_refused_by_runs_on_offline_features_too(noisy, tmp_path):
    options = ("cleaning.features={name: mel, n_mels: 20, n_fft: 512}", "cleaning.min_kept_s=0")
    config = load_config(noisy[0] / "tiny.yaml", [*OF_FEATURES, *options])
    path = untrained_run(tmp_path / "r", config, CLASSES, pieces=feature_sequences(config.sequence, 20))
    with pytest.raises(DecodeError, match="only silence"):
        Tagger.load(path)(np.zeros(16_000), 16_000)


def test_one_label_and_values_are_scored_as_the_task_says(noisy, audio, tmp_path):
    path = made_run(noisy, tmp_path / "a", task="multiclass")
    raw = Tagger.load(path)(audio / "plain.wav").scores
    write_calibration(path, Calibration(CLASSES, 0.2, None))
    tagger = Tagger.load(path)
    scores = tagger(audio / "plain.wav").scores
    np.testing.assert_allclose(scores, softmax(np.log(raw) / 0.2), atol=1e-6)
    assert scores.max() > raw.max() + 0.01
    assert scores.sum() == pytest.approx(1)
    np.testing.assert_allclose(tagger.timeline(audio / "plain.wav").scores.sum(axis=1), 1, rtol=1e-6)
    values = Tagger.load(made_run(noisy, tmp_path / "b", task="regression"))
    model = read_run(tmp_path / "b").load_model()
    samples = sf.read(audio / "plain.wav", dtype="float32")[0][None, :16_000]
    np.testing.assert_allclose(values.timeline(audio / "plain.wav").scores[:1], model(samples), atol=1e-5)


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


def test_floats_of_integer_scale_are_refused_and_slightly_clipped_ones_not(tagger, audio):
    pcm, _ = sf.read(audio / "plain.wav", dtype="int16")
    for whole in (pcm.astype(np.float32), pcm.astype(float) * 2**16, pcm[:, None] / 100):
        with pytest.raises(DecodeError, match=r"full scale 1.0, received a peak of .*: divide"):
            tagger(whole, 16_000)
    loud = np.clip(3 * pcm / np.abs(pcm).max(), -1, 1)
    clipped = tagger(3 * pcm / np.abs(pcm).max(), 16_000).scores
    np.testing.assert_allclose(clipped, tagger(loud, 16_000).scores, atol=1e-6)


def test_audio_that_cannot_be_used_is_an_error_that_says_why(tagger, tmp_path):
    with pytest.raises(DecodeError, match="does not exist"):
        tagger(tmp_path / "nothing.wav")
    with pytest.raises(DecodeError, match="does not exist"):
        tagger.timeline(tmp_path / "nothing.wav")


@pytest.mark.slow
def test_importing_the_package_loads_nothing_heavy():
    code = "import sys, tagging; assert 'tensorflow' not in sys.modules and 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[3], check=True)  # noqa: S603
    with pytest.raises(AttributeError, match="nothing"):
        tagging.nothing  # noqa: B018
