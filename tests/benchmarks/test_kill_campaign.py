"""The campaign of kills: its hook, its comparison, and a small fixed sample of it."""

import csv
import os
import shutil
import signal
from pathlib import Path

import pytest

from benchmarks.kill_campaign import Campaign, Case, main
from benchmarks.killed_at import Killer

pytestmark = pytest.mark.skipif(os.name == "nt", reason="SIGKILL")


@pytest.fixture
def killed(monkeypatch) -> list[tuple[int, int]]:
    """What would have been killed, and how."""
    found: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda *given: found.append(given))
    return found


def test_the_hook_counts_what_changes_the_folder_and_kills_before_the_nth(tmp_path, killed):
    killer = Killer(3, tmp_path)
    inside, outside = str(tmp_path / "a"), "/elsewhere/a"
    killer("open", (inside, "r", os.O_RDONLY))
    killer("open", (outside, "w", os.O_WRONLY))
    killer("open", (7, "w", os.O_WRONLY))
    killer("os.listdir", (inside,))
    assert killer.count == 0
    killer("open", (inside, "w", os.O_WRONLY | os.O_CREAT))
    killer("os.rename", (outside, inside, -1, -1))
    assert killed == []
    killer("os.remove", (os.fsencode(inside), -1))
    assert killed == [(os.getpid(), signal.SIGKILL)]
    killer("os.mkdir", (tmp_path / "b", 0o777, -1))
    assert (killer.count, len(killed)) == (4, 1)


def test_without_a_number_it_only_counts(tmp_path, killed):
    killer = Killer(0, tmp_path)
    for _ in range(3):
        killer("os.rmdir", (str(tmp_path / "a"), -1))
    assert (killer.count, killed) == (3, [])


@pytest.fixture
def campaign(tmp_path) -> Campaign:
    """One with a state after `tag` and the same state now."""
    for place in ("after/tag", "now"):
        folder = tmp_path / place
        (folder / "clean").mkdir(parents=True)
        (folder / "clean" / "a.wav").write_bytes(b"sound")
        (folder / "tags.csv").write_text("fname,score\na,0.5\n")
        (folder / "clean" / "manifest.csv").write_text(f"fname,source_mtime_ns\na,{len(place)}\n")
        (folder / ".lock").write_text(place)
    return Campaign(tmp_path)


def test_equal_states_are_whole_whatever_times_and_locks_say(campaign):
    assert campaign._compared("tag") == "whole"


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        (lambda now: (now / "clean" / ".part-7").touch(), "left over or lost: clean/.part-7"),
        (lambda now: (now / "clean" / "a.wav").unlink(), "left over or lost: clean/a.wav"),
        (lambda now: (now / "clean" / "a.wav").write_bytes(b"other"), "differs: clean/a.wav (other bytes)"),
        (lambda now: (now / "tags.csv").write_text("fname,score\na,0.6\n"), "differs: tags.csv (score)"),
        (lambda now: shutil.copytree(now / "clean", now / "clean2"), "left over or lost: clean2"),
    ],
)
def test_what_is_left_over_lost_or_different_is_named(campaign, change, outcome):
    change(campaign.now)
    assert campaign._compared("tag").startswith(outcome)


def test_a_command_that_fails_after_a_kill_is_not_whole(campaign, monkeypatch):
    (campaign.work / "before" / "tag").mkdir(parents=True)
    monkeypatch.setattr(campaign, "_run_killed_at", lambda *given: None)
    failing = ["python", "-c", "import sys; sys.exit('no')"]
    monkeypatch.setattr(campaign, "_words", lambda *given, **options: failing)
    assert campaign.run(Case("tag", "operation 1")).outcome == "exit code 1: no\n"


@pytest.mark.slow
def test_a_fixed_sample_of_kills_of_preprocessing(tmp_path: Path):
    sample = ["--only", "preprocess", "--operations", "4", "--moments", "2", "--pairs", "1"]
    assert main(["--work", str(tmp_path), *sample]) == 0
    with (tmp_path / "cases.csv").open(newline="") as file:
        cases = list(csv.reader(file))
    assert [how.split()[0] for _, how, _ in cases] == ["operation"] * 4 + ["moment"] * 2 + ["pair"]
    assert {outcome for *_, outcome in cases} == {"whole"}
