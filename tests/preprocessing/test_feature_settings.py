"""Wrong feature settings are refused by their whole key, and so are keys that would do nothing."""

from dataclasses import fields

import pytest

from preprocessing.feature_settings import KEYS, FeatureSettings

OTHER = {
    "n_fft": 512,
    "hop_length": 100,
    "center": False,
    "n_mels": 64,
    "top_db": 60.0,
    "n_mfcc": 20,
    "transpose": True,
    "bands": (0, 128),
}


def test_audio_is_the_default():
    assert FeatureSettings().name is None


@pytest.mark.parametrize("name", KEYS)
def test_a_key_that_does_nothing_for_a_name_is_refused(name):
    assert set(OTHER) == {field.name for field in fields(FeatureSettings)[1:]}
    for key, value in OTHER.items():
        if key in KEYS[name]:
            assert getattr(FeatureSettings(name=name, **{key: value}), key) == value
        else:
            with pytest.raises(ValueError, match=rf"cleaning\.features\.{key}: expected its default"):
                FeatureSettings(name=name, **{key: value})


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"name": "melody"}, r"name: expected one of null, mel, chroma, .*stored, received 'melody'"),
        ({"name": "mel", "n_fft": 1}, "n_fft: expected at least 2 samples"),
        ({"name": "mel", "hop_length": 0}, "hop_length: expected"),
        ({"name": "mel", "n_mels": 0}, "n_mels: expected"),
        ({"name": "mel", "top_db": 0.0}, "top_db: expected at least 0.001 dB"),
        ({"name": "mfcc", "n_mfcc": 0}, "n_mfcc: expected"),
        ({"name": "mfcc", "n_mfcc": 41, "n_mels": 40}, "n_mfcc: expected at most n_mels=40, received 41"),
        ({"name": "stored", "bands": [1]}, r"bands: expected \[start, stop\]"),
        ({"name": "stored", "bands": [-1, 3]}, r"bands\[0\]: expected at least 0, received -1"),
        ({"name": "stored", "bands": [3, 3]}, r"0 <= start < stop, received \[3, 3\]"),
    ],
)
def test_wrong_settings(settings, words):
    with pytest.raises(ValueError, match=words) as error:
        FeatureSettings(**settings)
    assert str(error.value).startswith(("cleaning.features.", "FeatureSettings."))
