"""The tf.data pipelines: what comes out, in which order, and that it can be had again."""

import numpy as np
import pytest
import soundfile as sf
import tensorflow as tf

from preprocessing.wav import wav_bytes
from tagging.augment.ops.background import BackgroundSettings
from tagging.augment.ops.gain import GainSettings
from tagging.augment.ops.mixup import MixUpSettings
from tagging.augment.ops.waveform_mix import WaveformMixSettings
from tagging.augment.settings import AugmentSettings
from tagging.frontend.log_mel import LogMel
from tagging.frontend.waveform import RawWaveform
from tagging.pipeline.batches import PipelineError, TrainingBatches
from tagging.pipeline.clips import all_pieces, clips_from_files
from tagging.pipeline.pieces import AudioWindows

LENGTH, N = 2048, 10


@pytest.fixture(scope="module")
def paths(tmp_path_factory) -> list:
    """Clips of 0.1 to 0.6 s; clip i is a tone of its own, so that an image tells which clip it is of."""
    folder = tmp_path_factory.mktemp("clean")
    made = []
    for i in range(N):
        t = np.arange(1600 * (1 + i % 6)) / 16_000
        pcm = np.round(8000 * np.sin(2 * np.pi * (300 + 700 * i) * t)).astype(np.int16)
        path = folder / f"clip {i} é.wav"
        path.write_bytes(wav_bytes(pcm, 16_000))
        made.append(path)
    return made


def batches(paths, **changed) -> TrainingBatches:
    given = {
        "targets": np.eye(len(paths), dtype="f"),
        "frontend": LogMel(n_mels=64),
        "pieces": AudioWindows(LENGTH, LENGTH, candidates=3),
        "augment": AugmentSettings(),
        "batch_size": 4,
        "seed": 1,
        "jobs": 2,
    }
    return TrainingBatches(paths=paths, **{**given, **changed})


def epochs_of(supply: TrainingBatches, first: int, last: int) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(x.numpy(), y.numpy()) for x, y in supply.dataset(first, last)]


def loudest_band(images: np.ndarray) -> np.ndarray:
    return images[..., 0].mean(axis=1).argmax(axis=1)


def test_the_steps_of_the_first_batch_end_where_training_begins(paths):
    augment = AugmentSettings(
        gain=GainSettings(-20.0, -10.0), time_shift_share=0.5, mixup=MixUpSettings(alpha=0.4)
    )
    supply = batches(paths, augment=augment)
    steps, (images, labels) = supply.first_steps(), next(iter(supply.dataset(0, 1)))
    assert [name for name, _ in steps] == ["input", "gain", "time_shift_share", "front end", "mixup"]
    np.testing.assert_array_equal(steps[-1][1].inputs, images)
    np.testing.assert_array_equal(steps[-1][1].labels, labels)
    before, after = (np.abs(batch.inputs.numpy()).max(axis=1) for _, batch in steps[:2])
    assert (after < 0.33 * before).all()


def test_reads_our_files_as_soundfile_does(paths):
    for path in paths:
        np.testing.assert_array_equal(
            AudioWindows(LENGTH, LENGTH).read(str(path)).numpy(), sf.read(path, dtype="int16")[0]
        )


def test_an_epoch_has_each_clip_once_with_its_own_label(paths):
    supply = batches(paths)
    assert (supply.items, supply.steps) == (N, 3)
    out = epochs_of(supply, 0, 1)
    assert [len(x) for x, _ in out] == [4, 4, 2]
    images, labels = (np.concatenate(part) for part in zip(*out, strict=True))
    clips = labels.argmax(axis=1)
    assert sorted(clips) == list(range(N))
    by_clip = loudest_band(images)[np.argsort(clips)]
    assert (np.diff(by_clip) > 0).all(), (
        "the band rises with the clip's number: image and label belong together"
    )


def test_epochs_differ_in_order_and_come_again_exactly(paths):
    supply = batches(paths)
    whole = epochs_of(supply, 0, 3)
    orders = [np.concatenate([y.argmax(1) for _, y in whole[3 * e : 3 * e + 3]]).tolist() for e in range(3)]
    assert len({tuple(order) for order in orders}) == 3
    for (x1, y1), (x2, y2) in zip(epochs_of(batches(paths), 2, 3), whole[6:], strict=True):
        np.testing.assert_array_equal(y1, y2)
        np.testing.assert_array_equal(x1, x2)
    other = epochs_of(batches(paths, seed=2), 0, 1)
    assert [y.argmax(1).tolist() for _, y in other] != [y.argmax(1).tolist() for _, y in whole[:3]]


def test_windows_are_drawn_anew_every_epoch(tmp_path):
    ramp = np.linspace(0, 20_000, 32_000).astype(np.int16) * np.where(np.arange(32_000) % 2, 1, -1).astype(
        np.int16
    )
    (tmp_path / "a.wav").write_bytes(wav_bytes(ramp, 16_000))
    supply = batches(
        [tmp_path / "a.wav"],
        frontend=RawWaveform(),
        pieces=AudioWindows(LENGTH, LENGTH),
    )
    peaks = [float(np.abs(x).max()) for x, _ in epochs_of(supply, 0, 6)]
    assert len(set(peaks)) == 6


def test_each_item_has_the_seed_that_folding_in_its_number_gives(paths):
    supply = batches(paths)
    drawn = list(supply._order.items_of(tf.constant(3, tf.int64)))
    assert len(drawn) == supply.steps * supply.batch_size
    of_epoch = tf.random.fold_in(tf.constant([supply.seed, 1], tf.int64), tf.constant(3, tf.int64))
    for _, item, clip, seed in drawn:
        np.testing.assert_array_equal(seed, tf.random.fold_in(of_epoch, item))
        assert int(clip) == max(int(item), 0)


def test_each_clip_once_plain_and_once_augmented(paths):
    augment = AugmentSettings(mixup=MixUpSettings(alpha=1000.0), keep_originals=True)
    supply = batches(paths, augment=augment)
    assert (supply.items, supply.steps) == (2 * N, 5)
    labels = np.concatenate([y for _, y in epochs_of(supply, 0, 1)])
    plain, blended = labels[labels.max(axis=1) == 1], labels[labels.max(axis=1) < 1]
    assert sorted(plain.argmax(axis=1)) == list(range(N))
    assert sorted(blended.argmax(axis=1)) == list(range(N)), "the larger share is the clip's own"


@pytest.mark.parametrize("keep_originals", [False, True])
def test_only_the_clips_of_some_sources_are_augmented(paths, keep_originals):
    augment = AugmentSettings(
        mixup=MixUpSettings(alpha=1000.0), keep_originals=keep_originals, sources=("curated",)
    )
    chosen = np.arange(N) % 3 == 0
    supply = batches(paths, augment=augment, augmented=chosen)
    assert supply.items == N + 4 * keep_originals
    labels = np.concatenate([y for _, y in epochs_of(supply, 0, 1)])
    plain, blended = labels[labels.max(axis=1) == 1], labels[labels.max(axis=1) < 1]
    assert sorted(blended.argmax(axis=1)) == [0, 3, 6, 9]
    assert sorted(plain.argmax(axis=1)) == [k for k in range(N) if keep_originals or k % 3]


def test_all_clips_augmented_is_the_same_to_the_bit(paths):
    given = {"augment": EVERYTHING, "background_paths": paths, "lengths": np.arange(N)}
    a, b = (
        epochs_of(batches(paths, **given, **more), 0, 2) for more in ({}, {"augmented": np.ones(N, bool)})
    )
    for (x1, y1), (x2, y2) in zip(a, b, strict=True):
        np.testing.assert_array_equal(x1, x2)
        np.testing.assert_array_equal(y1, y2)


def test_mixup_blends_labels_of_a_batch(paths):
    supply = batches(paths, augment=AugmentSettings(mixup=MixUpSettings(alpha=1.0)))
    labels = np.concatenate([y for _, y in epochs_of(supply, 0, 1)])
    np.testing.assert_allclose(labels.sum(axis=1), 1, atol=1e-6)
    assert ((labels > 0).sum(axis=1) == 2).all()


MIX = AugmentSettings(waveform_mix=WaveformMixSettings(probability=1.0))
EVERYTHING = AugmentSettings(
    mixup=MixUpSettings(alpha=0.4),
    waveform_mix=WaveformMixSettings(probability=0.5, most=2),
    background=BackgroundSettings(probability=0.7),
    gain=GainSettings(-6.0, 6.0),
    time_shift_share=0.5,
    keep_originals=True,
)


def test_weights_come_third_each_with_its_clip(paths):
    weights = np.linspace(0.1, 1, N, dtype=np.float32)
    out = [[part.numpy() for part in batch] for batch in batches(paths, weights=weights).dataset(0, 1)]
    labels, given = (np.concatenate([batch[i] for batch in out]) for i in (1, 2))
    assert given.dtype == np.float32
    np.testing.assert_array_equal(given, weights[labels.argmax(axis=1)])


def test_weights_change_neither_images_nor_labels(paths):
    plain = batches(paths, augment=EVERYTHING, background_paths=paths)
    weighted = batches(paths, augment=EVERYTHING, background_paths=paths, weights=np.full(N, 2.0))
    for (x, y), (xw, yw, w) in zip(plain.dataset(0, 2), weighted.dataset(0, 2), strict=True):
        np.testing.assert_array_equal(x, xw)
        np.testing.assert_array_equal(y, yw)
        np.testing.assert_allclose(w, 2.0, rtol=1e-6, err_msg="equal weights stay, however they are blended")


def test_weights_are_blended_as_labels_are(paths):
    """With one label a clip, MixUp's labels are the shares, and OR-ed labels name the clips of a mixture."""
    weights = np.linspace(0.1, 1, N, dtype=np.float32)
    for augment in (AugmentSettings(mixup=MixUpSettings(alpha=1.0)), MIX):
        for _, labels, given in batches(paths, augment=augment, weights=weights).dataset(0, 2):
            of_clips = labels.numpy() / labels.numpy().sum(axis=1, keepdims=True)
            np.testing.assert_allclose(given, of_clips @ weights, rtol=1e-5)


def test_mixtures_of_waveforms_have_both_tones_and_both_labels(paths):
    supply = batches(paths, augment=MIX)
    for images, labels in epochs_of(supply, 0, 1):
        if len(images) == 1:
            continue
        assert (labels.sum(axis=1) == 2).all()
        bands = images[..., 0].mean(axis=1)
        for row, label in zip(bands, labels, strict=True):
            peaks = {int(row[band].argmax() + band.start) for band in tone_bands(label)}
            assert len(peaks) == 2
            assert all(row[peak] > 160 for peak in peaks), "within 30 dB of the loudest"


def tone_bands(label: np.ndarray) -> list[slice]:
    """Mel bands around the tones of these clips; 64 HTK bands up to 8 kHz."""
    mel = 2595 * np.log10(1 + (300 + 700 * np.flatnonzero(label)) / 700)
    centres = np.round(mel / (2595 * np.log10(1 + 8000 / 700)) * 65 - 1).astype(int)
    return [slice(max(centre - 1, 0), centre + 2) for centre in centres]


@pytest.fixture(scope="module")
def hum(tmp_path_factory) -> list:
    """Backgrounds: one low tone that no clip has, in a clip longer and one shorter than the window."""
    folder = tmp_path_factory.mktemp("background")
    made = []
    for i, samples in enumerate((9000, 700)):
        pcm = np.round(1000 * np.sin(2 * np.pi * 100 * np.arange(samples) / 16_000)).astype(np.int16)
        made.append(folder / f"{i}.wav")
        made[-1].write_bytes(wav_bytes(pcm, 16_000))
    return made


def test_backgrounds_are_heard_and_change_no_label(paths, hum):
    background = BackgroundSettings(probability=1.0, min_snr_db=5, max_snr_db=10)
    supply = batches(paths, augment=AugmentSettings(background=background), background_paths=hum)
    lowest = {}
    for which, given in (("plain", batches(paths)), ("under", supply)):
        out = epochs_of(given, 0, 1)
        labels = np.concatenate([y for _, y in out])
        assert sorted(labels.argmax(axis=1)) == list(range(N))
        order = labels.argmax(axis=1).argsort()
        lowest[which] = np.concatenate([x for x, _ in out])[order][..., 0].mean(axis=1)[:, :3].max(axis=1)
    assert (lowest["under"][1:] > 200).all(), "5 to 10 dB down, of 80"
    assert (lowest["under"] > lowest["plain"])[1:].all()


def test_backgrounds_without_noisy_clips_are_refused(paths):
    with pytest.raises(
        PipelineError, match=r"background\.probability=0\.5 needs noisy clips .* received none"
    ):
        batches(paths, augment=AugmentSettings(background=BackgroundSettings(probability=0.5)))


def test_with_everything_on_epochs_come_again_exactly(paths, hum):
    given = {"augment": EVERYTHING, "background_paths": hum, "weights": np.linspace(0, 1, N)}
    whole = list(batches(paths, **given).dataset(0, 2))
    again = list(batches(paths, **given).dataset(1, 2))
    for batch, expected in zip(again, whole[5:], strict=True):
        for part, whole_part in zip(batch, expected, strict=True):
            np.testing.assert_array_equal(part, whole_part)
    assert any(np.any(a[0] != b[0]) for a, b in zip(whole[:5], again, strict=True))


def test_the_plain_half_is_that_of_an_epoch_without_augmentation(paths, hum):
    """Windows are drawn by item, whatever is done to the other half."""
    supply = batches(paths, augment=EVERYTHING, background_paths=hum, batch_size=2 * N)
    ((images, labels),) = epochs_of(supply, 0, 1)
    ((plain, plain_labels),) = epochs_of(batches(paths, batch_size=N), 0, 1)
    for image, label in zip(plain, plain_labels, strict=True):
        same = [np.array_equal(image, other) for other in images]
        assert sum(same) == 1
        np.testing.assert_array_equal(labels[same.index(True)], label)


def test_every_window_of_every_clip_in_order(paths):
    windows = AudioWindows(LENGTH, hop=1000)
    out = list(all_pieces(clips_from_files(paths, windows, 2), windows, batch_size=7))
    clips = np.concatenate([c.numpy() for c, _ in out])
    found = np.concatenate([w.numpy() for _, w in out])
    expected = []
    for clip, path in enumerate(paths):
        wave = sf.read(path, dtype="float32")[0]
        wave = wave if len(wave) >= LENGTH else np.resize(wave, LENGTH)
        starts = [*range(0, len(wave) - LENGTH, 1000), len(wave) - LENGTH]
        expected += [(clip, wave[s : s + LENGTH]) for s in starts]
    assert clips.tolist() == [clip for clip, _ in expected]
    np.testing.assert_array_equal(found, np.stack([wave for _, wave in expected]))
