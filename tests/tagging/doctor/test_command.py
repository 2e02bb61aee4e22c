"""`python -m tagging doctor`, its files and exit codes, and the line that preprocess.py ends with."""

import json
import os
import shlex
from dataclasses import replace

import numpy as np
import yaml

import preprocess
from tagging.__main__ import main as tagging
from tagging.config.load import load_config
from tagging.doctor.finding import Finding
from tests.tagging.doctor.conftest import noise


def test_it_prints_figures_findings_and_what_to_paste(made, capsys):
    made.classes(5, lambda seed: noise(0.4, seed=seed))
    assert tagging(["doctor", "--config", str(made.config), "window.window_s=3", "--jobs", "1"]) == 0
    printed = capsys.readouterr().out
    assert "  split train              8 clips\n  validation, out of it    2 clips\n" in printed
    assert "  columns                  0=cat, 1=dog\n" in printed
    assert "1. short clips: " in printed
    assert "\n   window.window_s=1 window.hop_s=0.5\n" in printed


def test_apply_writes_what_differs_and_refuses_a_file_that_is_there(made, tmp_path, capsys):
    made.classes(5, lambda seed: noise(0.4, seed=seed))
    command = [
        "doctor",
        "--config",
        str(made.config),
        "window.window_s=3",
        "seed=5",
        "--jobs",
        "1",
        "--apply",
    ]
    assert tagging([*command, str(tmp_path / "new.yaml")]) == 0
    assert capsys.readouterr().err == f"{tmp_path}/new.yaml: {made.config} with 2 suggested settings\n"
    config = load_config(tmp_path / "new.yaml")
    assert (config.window.window_s, config.window.hop_s, config.seed) == (1.0, 0.5, 5)
    base = os.path.relpath(made.config, tmp_path)
    assert yaml.safe_load((tmp_path / "new.yaml").read_text()) == {
        "base": base,
        "window": {"window_s": 1, "hop_s": 0.5},
        "seed": 5,
    }
    assert tagging(["doctor", "--config", str(tmp_path / "new.yaml"), "--jobs", "1"]) == 0
    between = tmp_path / "between.yaml"
    between.write_text("base: new.yaml\n")
    applied = ["--apply", str(tmp_path / "new.yaml")]
    assert tagging(["doctor", "--config", str(between), "--jobs", "1", *applied]) == 2
    assert "this command reads it" in capsys.readouterr().err, "a base of itself"
    (tmp_path / "mine.yaml").write_text("seed: 1\n")
    for file in (tmp_path / "mine.yaml", made.config):
        assert tagging([*command, str(file)]) == 2
        assert "would be lost" in capsys.readouterr().err
    assert (tmp_path / "mine.yaml").read_text() == "seed: 1\n"


def test_json_has_the_same(made, capsys):
    made.classes(5, lambda seed: noise(0.4, seed=seed))
    tagging(["doctor", "--config", str(made.config), "window.window_s=3", "--format", "json", "--jobs", "1"])
    content = json.loads(capsys.readouterr().out)
    assert content["settings"] == ["window.window_s=1", "window.hop_s=0.5"]
    assert content["findings"][0]["name"] == "short clips"
    assert set(content["areas"]) >= {"files", "classes", "lengths"}


def test_names_that_look_like_interpolations_are_excluded_as_they_are(made, tmp_path, capsys):
    names = ["${oc.env:HOME}.wav", "${x}.wav", "\u202egnos.wav"]
    made.classes(5).write({f"cat/{name}": np.zeros(16_000) for name in names})
    applied = tmp_path / "new.yaml"
    assert tagging(["doctor", "--config", str(made.config), "--jobs", "1", "--apply", str(applied)]) == 0
    printed = capsys.readouterr().out
    assert "\u202e" not in printed
    assert set(load_config(applied).dataset.exclude) == set(names)
    pasted = next(line for line in printed.splitlines() if line.startswith("   'dataset.exclude="))
    assert set(load_config(made.config, shlex.split(pasted)).dataset.exclude) == set(names)


def test_settings_together_have_each_key_once_with_its_last_value(made):
    suggested = (("cleaning.rate_hz=8000", "frontend.fmax_hz=null"), ("frontend.fmax_hz=2000",))
    findings = tuple(Finding("bands", "narrow", "sound", settings) for settings in suggested)
    checkup = replace(made.classes(5).look(), findings=findings)
    assert checkup.settings == ("cleaning.rate_hz=8000", "frontend.fmax_hz=2000")


def test_refused_clips_are_exit_code_1(made, capsys):
    made.classes(5)
    (made.root / "cat" / "broken.wav").write_bytes(b"RIFF but nothing else")
    assert tagging(["doctor", "--config", str(made.config), "--jobs", "1"]) == 1


def test_a_clean_folder_says_the_same_as_the_raw_clips(made, capsys):
    made.classes(5, lambda seed: noise(0.4, seed=seed)).write({"cat/same.wav": noise(0.4, seed=3)})
    before = made.look("window.window_s=3")
    assert preprocess.main(["--config", str(made.config), "window.window_s=3", "--jobs", "1"]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("worth a look before training: short clips; python -m tagging doctor --config ")
    after = made.look("window.window_s=3")
    assert after.data.source.startswith("manifest")
    assert after.findings == before.findings


def test_what_is_new_or_has_changed_since_cleaning_is_examined(made, capsys):
    made.classes(5)
    assert preprocess.main(["--config", str(made.config), "--jobs", "1"]) == 0
    made.write({"cat/silent.wav": np.zeros(16_000)})
    (made.root / "dog" / "garbage.wav").write_bytes(b"RIFF but nothing else")
    (made.root / "dog" / "dog1.wav").write_text("not a sound any more")
    (made.root / "cat" / "other.wav").symlink_to(made.root / "missing.wav")
    checkup = made.look()
    assert checkup.areas["files"]["looked at"].endswith(
        "/clean for 9 clips; 4 others are not cleaned yet, or have changed (all examined)"
    )
    assert (checkup.areas["files"]["unusable"], checkup.refused) == ("3 of 13 clips", 3)
    assert [finding.exclude for finding in checkup.findings if finding.exclude] == [("silent.wav",)]


def test_an_altered_clean_file_is_not_believed_and_a_copy_is(made):
    made.classes(5)
    assert preprocess.main(["--config", str(made.config), "--jobs", "1"]) == 0
    changed, copied, *_ = (made.root.parent / "clean").rglob("*.wav")
    changed.write_bytes(bytes(changed.stat().st_size))
    os.utime(copied, ns=(1, 1))
    assert (
        made.look()
        .areas["files"]["looked at"]
        .endswith("/clean for 9 clips; 1 other is not cleaned yet, or has changed (all examined)")
    )


def test_a_truncated_manifest_is_said(made, capsys):
    made.classes(5)
    assert preprocess.main(["--config", str(made.config), "--jobs", "1"]) == 0
    manifest = made.root.parent / "clean" / "manifest.csv"
    whole = manifest.read_bytes()
    manifest.write_bytes(b"".join(whole.splitlines(keepends=True)[:5])[:-9])
    checkup = made.look()
    assert checkup.areas["files"]["looked at"].endswith(
        "for 3 clips; 7 others are not cleaned yet, or have changed (all examined)"
    )
    assert checkup.areas["files"]["unusable"] == "0 of 10 clips"
    manifest.write_bytes(whole[:20])
    capsys.readouterr()
    assert made.look().data.source == "all clips"
    assert "manifest.csv: remake it with --force" in capsys.readouterr().err


def test_preprocess_says_nothing_without_a_grave_finding(made, capsys):
    made.classes(5)
    assert preprocess.main(["--config", str(made.config), "--jobs", "1"]) == 0
    assert "doctor" not in capsys.readouterr().out


def test_preprocess_says_where_its_figures_are_explained(made, capsys):
    made.classes(5)
    command = ["--config", str(made.config), "--jobs", "1"]
    assert preprocess.main([*command, "--shard", "1/2"]) == 0
    assert "docs/cli.md" not in capsys.readouterr().out, "there is no manifest yet"
    assert preprocess.main(command) == 0
    manifest = next(made.root.parent.glob("*/manifest.csv"))
    assert f"{manifest} has each clip; docs/cli.md explains the table" in capsys.readouterr().out
