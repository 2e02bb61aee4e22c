"""Which clips the plots of a data set show."""

import numpy as np
import pandas as pd
import soundfile as sf

from tagging.datasets.table import COLUMNS, Dataset
from tagging.frontend.settings import FrontendSettings
from tagging.plots import dataset, sounds


def test_two_classes_are_shown_by_two_clips(tiny, tmp_path, monkeypatch):
    """`both.wav` is the first clip of either, and the only one of the third class."""
    seen = {}
    monkeypatch.setattr(sounds, "class_examples", lambda examples, *_: seen.update(examples))
    rows = []
    clips = {"both.wav": "abc", "a.wav": "a", "b.wav": "ab"}
    for number, (name, labels) in enumerate(clips.items()):
        sf.write(tmp_path / name, np.full(16_000, (number + 1) / 8), 16_000)
        rows.append((name, tmp_path / name, tuple(labels), "curated", ""))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    found = Dataset("fake", table, tuple("abc"), "multilabel", {}, None)
    dataset._classes(tiny.config(tmp_path), found, tmp_path / "c.png")
    assert {label: round(8 * samples[0]) for label, (samples, *_) in seen.items()} == {"a": 2, "b": 3, "c": 1}


def test_bands_have_the_edges_of_their_front_end():
    assert FrontendSettings().mel_edges_hz(16_000) == (0, 8_000)
    assert FrontendSettings(fmin_hz=50.0, fmax_hz=7_000.0).mel_edges_hz(16_000) == (50, 7_000)
    for name, expected in (
        ("yamnet", (125, 7_500)),
        ("mn_log_mel", (0, 15_000)),
        ("waveform", None),
        ("mfcc", None),
    ):
        assert FrontendSettings(name).mel_edges_hz(16_000) == expected
