"""Wrong settings are refused by name; rules serve the lengths they say."""

import math

import pytest

from preprocessing.settings import CleaningSettings, SilenceRule, rule_for


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("min_silence_ms", 0),
        ("min_silence_ms", True),
        ("keep_silence_ms", -1),
        ("keep_silence_ms", True),
        ("threshold_dbfs", 3.0),
        ("threshold_dbfs", math.nan),
        ("max_s", -1.0),
    ],
)
def test_wrong_rule(key, value):
    with pytest.raises(ValueError, match=f"{key}: expected .*received {str(value).lower()}"):
        SilenceRule(**{key: value})


@pytest.mark.parametrize(
    ("key", "value"),
    [("rate_hz", 999), ("rate_hz", 10**6), ("rate_hz", 16e3), ("min_kept_s", -0.1), ("min_kept_s", True)],
)
def test_wrong_setting(key, value):
    with pytest.raises(ValueError, match=f"{key}: expected"):
        CleaningSettings(**{key: value})


@pytest.mark.parametrize("limits", [[], [1.0], [None, 1.0], [2.0, 1.0, None], [1.0, 1.0, None]])
@pytest.mark.parametrize("key", ["curated", "noisy"])
def test_rules_must_cover_every_length_in_order(key, limits):
    with pytest.raises(ValueError, match=f"{key}: expected rules of growing max_s"):
        CleaningSettings(**{key: [SilenceRule(max_s=limit) for limit in limits]})


def test_the_rule_is_chosen_by_split_and_length():
    settings = CleaningSettings()
    curated = settings.rules_for("curated")
    assert settings.rules_for("test") is curated
    assert settings.rules_for("noisy") is settings.noisy
    assert [rule_for(curated, seconds).max_s for seconds in (0.3, 3.0, 3.01, 10.0, 57.6)] == [
        3,
        3,
        10,
        10,
        None,
    ]
