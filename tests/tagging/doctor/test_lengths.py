"""Rules on lengths: each fires at its threshold, and not without reason."""

from tests.tagging.doctor.conftest import noise

KEEP = "cleaning.remove_silence=false"
BRIEF = "mixtures of brief clips"


def test_clips_that_fill_a_tenth_of_a_window_ask_for_a_shorter_one(made):
    made.classes(5, lambda seed: noise(0.4, seed=seed))
    finding = next(each for each in made.look("window.window_s=3").findings if each.name == "short clips")
    assert finding.settings == ("window.window_s=1", "window.hop_s=0.5")
    assert "a clip of 0.4 s (the median) is repeated 7.5 times in a window of 3 s" in finding.text
    assert finding.is_grave


def test_windows_no_shorter_than_a_second_are_suggested(made):
    assert made.classes(5, lambda seed: noise(0.4, seed=seed)).settings("short clips") is None


def test_few_short_clips_are_no_reason(made):
    made.classes(5, lambda seed: noise(0.4 if seed % 3 == 0 else 3.0, seed=seed))
    assert made.settings("short clips", "window.window_s=3") is None


def test_a_long_clip_keeps_the_window(made):
    made.classes(5, lambda seed: noise(3.0 if seed % 5 == 0 else 0.4, seed=seed))
    assert made.settings("short clips", "window.window_s=3") is None


def test_only_first_windows_of_long_clips(made):
    made.classes(5, lambda seed: noise(4.0, seed=seed))
    assert made.settings("unused audio", "window.only_first=true") == ("window.only_first=false",)
    assert made.settings("unused audio") is None
    assert made.settings("unused audio", "window.only_first=true", "window.window_s=4") is None


def test_a_clip_has_one_window_where_only_first_ones_are_used(made):
    made.classes(5, lambda seed: noise(4.0, seed=seed))
    assert made.look(KEEP).areas["lengths"]["windows per clip"].startswith("median 7, at most 7 ")
    figures = made.look(KEEP, "window.only_first=true").areas["lengths"]
    assert figures["windows per clip"].startswith("median 1, at most 1 ")
    assert figures["longer than a window"] == "100 %"


def test_a_few_samples_more_than_a_window_ask_for_a_longer_one(made):
    made.classes(5, lambda seed: noise(1.001, seed=seed))
    checkup = made.look(KEEP)
    assert checkup.areas["lengths"]["longer than a window"] == "100 %"
    assert checkup.areas["lengths"]["windows per clip"].startswith("median 2, at most 2 ")
    (finding,) = (each for each in checkup.findings if each.name == "barely longer clips")
    assert "100 % of the clips are longer than a window of 1 s by up to 1 ms" in finding.text
    assert finding.settings == ("window.window_s=1.01",)
    longer = made.look(KEEP, *finding.settings)
    assert longer.areas["lengths"]["windows per clip"].startswith("median 1, at most 1 ")
    assert "barely longer clips" not in [each.name for each in longer.findings]
    assert made.settings("barely longer clips", KEEP, "window.only_first=true") is None


def test_clips_of_a_window_or_much_more_keep_it(made):
    made.classes(5, lambda seed: noise(1.0 if seed % 2 else 1.2, seed=seed))
    assert made.settings("barely longer clips", KEEP) is None


def test_gaps_between_windows(made):
    made.classes(5, lambda seed: noise(4.0, seed=seed))
    assert made.settings("gaps between windows", "window.hop_s=2") == ("window.hop_s=0.5",)
    assert made.settings("gaps between windows") is None


def test_brief_clips_with_one_label_are_not_mixed(made):
    made.classes(5, lambda seed: noise(0.5, seed=seed))
    mixing = ("train.augment.waveform_mix.probability=0.5", "train.augment.spec_augment.enabled=true")
    off = ("train.augment.waveform_mix.probability=0", "train.augment.spec_augment.enabled=false")
    assert made.settings(BRIEF, *mixing) == off
    assert made.settings(BRIEF, *mixing, "dataset.task=multilabel") is None
    assert made.settings(BRIEF) is None


def test_long_clips_are_mixed(made):
    made.classes(5, lambda seed: noise(2.0, seed=seed))
    assert made.settings(BRIEF, "train.augment.waveform_mix.probability=0.5") is None
