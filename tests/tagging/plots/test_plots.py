import itertools
import subprocess
import sys

import librosa
import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread

from tagging.datasets.table import COLUMNS, Dataset
from tagging.plots import distributions, images, sounds

CLASSES = tuple(f"Some_quite_long_label_and_{i:02}_of_$$many" for i in range(80))


@pytest.fixture
def drawn(monkeypatch):
    """The figures that were written, laid out as they are in the file."""
    figures, write = [], sounds.write_figure

    def keep(figure, path):
        write(figure, path)
        figure.draw_without_rendering()  # extents are those of the file's dots per inch until then
        figures.append(figure)

    for plots in (distributions, images, sounds):
        monkeypatch.setattr(plots, "write_figure", keep)
    return figures


@pytest.fixture
def dataset():
    rows = [(f"{i}.wav", None, (CLASSES[0], CLASSES[i % 80]), "curated", "") for i in range(1, 101)]
    rows += [("n.wav", None, (CLASSES[5],), "noisy", ""), ("t.wav", None, (), "test", "")]
    return Dataset("fake", pd.DataFrame(rows, columns=list(COLUMNS)), CLASSES, "multilabel", {}, None)


def label_rows(axes):
    """Vertical extents of the drawn label texts, top to bottom, in pixels."""
    boxes = [text.get_window_extent() for text in axes.get_yticklabels()]
    return sorted((box.y0, box.y1) for box in boxes)


def test_a_plot_is_one_whole_file(tmp_path):
    sounds.waveforms({"a": (np.zeros(10, np.float32), 16_000)}, tmp_path / "new folder" / "a.png")
    assert [path.name for path in (tmp_path / "new folder").iterdir()] == ["a.png"]
    height, width, _ = imread(tmp_path / "new folder" / "a.png").shape
    assert (height, width) == (286, 1100)


def test_waveforms_keep_every_peak_and_the_length(tmp_path, drawn):
    samples = np.zeros(160_000, np.float32)
    samples[77_777], samples[99_999] = 0.9, -0.8
    clips = {"noisy: a $b$ ñ.wav": (samples, 16_000), "curated": (samples[:32_000], 8_000)}
    sounds.waveforms(clips, tmp_path / "w.png")
    long, short = drawn[0].axes
    outline = long.collections[0].get_paths()[0].vertices
    assert outline[:, 1].max() == pytest.approx(0.9)
    assert outline[:, 1].min() == pytest.approx(-0.8)
    assert outline[outline[:, 1].argmax(), 0] == pytest.approx(77_777 / 16_000, abs=0.01)
    assert (long.get_xlim()[1], short.get_xlim()[1]) == (10.0, 4.0)
    assert long.get_ylim() == short.get_ylim()


def test_log_mel_is_drawn_transposed_with_low_bands_below_on_one_scale(tmp_path, drawn):
    before = np.random.default_rng(0).uniform(100, 200, (92, 80, 3))
    after = before * (np.arange(92) < 50)[:, None, None]
    images.log_mel_before_after(before, after, tmp_path / "m.png", title="a_$b.wav")
    for axes, image in zip(drawn[0].axes, (before, after), strict=False):
        plot = axes.images[0]
        np.testing.assert_array_equal(plot.get_array(), image[..., 0].T)
        assert plot.origin == "lower"
        assert plot.get_clim() == (0, before.max())  # silence is black in both
    assert drawn[0].axes[1].get_title() == "after SpecAugment"
    images.log_mel_before_after(before, after, tmp_path / "off.png", is_used=False)
    assert drawn[1].axes[1].get_title() == "after SpecAugment (off in this config)"


@pytest.mark.parametrize(("low", "high", "n"), [(0.0, 8_000.0, 80), (125.0, 7_500.0, 64)])
def test_frequencies_stand_at_the_bands_that_hear_them_most(tmp_path, drawn, low, high, n):
    """Against librosa's centres of HTK bands."""
    centres = librosa.mel_frequencies(n + 2, fmin=low, fmax=high, htk=True)[1:-1]
    image = np.ones((10, n))
    images.log_mel_before_after(image, image, tmp_path / "m.png", edges_hz=(low, high))
    sounds.class_examples({"a": (np.zeros(80), 800, image)}, tmp_path / "c.png", edges_hz=(low, high))
    images.batch_plot(image[None, ..., None], ["a"], tmp_path / "b.png", edges_hz=(low, high))
    for panel in (drawn[0].axes[0], drawn[1].axes[1], drawn[2].axes[0]):
        for place, text in zip(panel.get_yticks(), panel.get_yticklabels(), strict=True):
            hz = float(text.get_text())
            if centres[0] < hz < centres[-1]:
                assert np.interp(hz, centres, np.arange(n)) == pytest.approx(place, abs=0.02)
        assert {"1000", "4000"} <= {text.get_text() for text in panel.get_yticklabels()}
        assert panel.get_ylim() == (-0.5, n - 0.5)
    assert drawn[0].axes[0].get_ylabel() == "frequency (Hz)"


def test_histograms_show_every_labelled_split_and_80_labels_apart(tmp_path, drawn, dataset):
    distributions.label_histograms(dataset, tmp_path / "h.png")
    curated, noisy = drawn[0].axes
    assert [bar.get_width() for bar in curated.patches] == dataset.targets(dataset.of("curated")).sum(
        0
    ).tolist()
    assert [bar.get_width() for bar in noisy.patches] == np.eye(80)[5].tolist()
    assert [text.get_text() for text in curated.get_yticklabels()] == list(CLASSES)
    assert curated.get_ylim()[0] > curated.get_ylim()[1]  # the first label stands on top
    rows = label_rows(curated)
    assert all(lower[1] <= upper[0] for lower, upper in itertools.pairwise(rows))
    assert min(text.get_window_extent().x0 for text in curated.get_yticklabels()) >= 0


def test_shares_are_those_of_each_part(tmp_path, drawn):
    rng = np.random.default_rng(0)
    parts = {
        name: (rng.random((40, 80)) < 0.3, rng.random((10, 80)) < 0.3) for name in ("plain", "stratified")
    }
    distributions.label_shares(CLASSES, parts, tmp_path / "s.png")
    for axes, (name, (train, validation)) in zip(drawn[0].axes, parts.items(), strict=True):
        points = [collection.get_offsets()[:, 0] for collection in axes.collections[1:]]
        np.testing.assert_allclose(points, [train.mean(axis=0), validation.mean(axis=0)])
        difference = 100 * np.abs(train.mean(axis=0) - validation.mean(axis=0)).mean()
        assert axes.get_title() == f"{name}: 40 + 10 clips\nmean difference {difference:.2f} points"


def test_shares_of_test_clips_are_shown_with_the_others(tmp_path, drawn):
    whole = np.ones((2, 80))
    distributions.label_shares(CLASSES, {"plain": (whole, 0 * whole, 0.5 * whole)}, tmp_path / "s.png")
    axes = drawn[0].axes[0]
    points = [collection.get_offsets()[0, 0] for collection in axes.collections[1:]]
    assert points == [1, 0, 0.5]
    assert axes.get_title() == "plain: 2 + 2 + 2 clips\nmean difference 100.00 points"
    assert [text.get_text() for text in drawn[0].legends[0].get_texts()] == ["train", "validation", "test"]


@pytest.mark.parametrize("n_images", [1, 3, 6])
def test_batch_plot_shows_each_image_under_its_title(tmp_path, drawn, n_images):
    batch = np.random.default_rng(0).uniform(0, 255, (n_images, 92, 80, 1)).astype(np.float32)
    titles = [f"{CLASSES[i]}, {CLASSES[i + 1]}" for i in range(n_images)]
    images.batch_plot(batch, titles, tmp_path / "b.png")
    visible = [axes for axes in drawn[0].axes if axes.get_visible()]
    assert len(visible) == n_images
    for axes, image, title in zip(visible, batch, titles, strict=True):
        np.testing.assert_array_equal(axes.images[0].get_array(), image[..., 0].T)
        assert "".join(axes.get_title().split()) == title.replace(" ", "")
    boxes = [axes.title.get_window_extent() for axes in visible]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[i + 1 :])


def test_step_plot_has_a_row_a_clip_and_a_column_a_step_on_one_scale(tmp_path, drawn):
    waves = np.random.default_rng(0).uniform(-0.2, 0.2, (2, 4000)).astype(np.float32)
    steps = {"input": waves, "gain": 2 * waves, "front end": 10 * waves}
    sounds.step_plot(steps, ["$l$, m", "n"], 8000, tmp_path / "s.png", own_scale=["front end"])
    rows = [drawn[0].axes[:3], drawn[0].axes[3:]]
    assert [axes.get_title() for axes in rows[0]] == list(steps)
    assert [row[0].get_ylabel() for row in rows] == ["$l$, m", "n"]
    for row, wave in zip(rows, waves, strict=True):
        tops = [axes.get_ylim()[1] for axes in row]
        assert tops == pytest.approx(1.05 * np.abs(wave).max() * np.array([2, 2, 10]))
        assert [axes.get_xlim() for axes in row] == [(0.0, 0.5)] * 3
        outline = row[1].collections[0].get_paths()[0].vertices
        assert np.abs(outline[:, 1]).max() == pytest.approx(2 * np.abs(wave).max())


@pytest.mark.slow
def test_needs_no_tensorflow_and_no_pyplot():
    code = "import sys, tagging.plots.distributions, tagging.plots.sounds; "
    code += "sys.exit(bool({'tensorflow', 'matplotlib.pyplot'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603


def test_a_clip_of_each_class_has_a_row_of_waveform_and_image(tmp_path, drawn):
    rng = np.random.default_rng(0)
    examples = {f"$l${i}": (rng.normal(0, 0.1, 800 * i), 800, rng.random((9 * i, 20))) for i in (1, 2)}
    sounds.class_examples(examples, tmp_path / "c.png")
    axes = drawn[0].axes
    assert [axis.get_title(loc="left") for axis in axes] == ["$l$1", "", "$l$2", ""]
    for row, length_s in ((axes[:2], 1.0), (axes[2:], 2.0)):
        assert [axis.get_xlim() for axis in row] == [(0.0, length_s)] * 2
        assert row[1].images[0].get_array().shape[0] == 20


def test_values_are_drawn_by_target(tmp_path, drawn):
    values = [(0.1, 5.0), (0.2, 6.0), (np.nan, np.nan)]
    clips = pd.DataFrame({"fname": list("abc"), "split": "train", "values": values, "labels": [()] * 3})
    distributions.value_histograms(
        Dataset("d", clips, ("joy", "pace"), "regression", {}, None), tmp_path / "v.png"
    )
    assert [axis.get_title() for axis in drawn[0].axes] == ["joy", "pace"]
    assert [sum(bar.get_height() for bar in axis.patches) for axis in drawn[0].axes] == [2, 2]
