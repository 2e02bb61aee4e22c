"""Processes on devices of their own: what they see and print, and what becomes of the others when one fails."""

import os
import signal

import pytest

from tagging.training.workers import Work, work_on
from tests.worker_helpers import fail, interrupt, print_device, wait_for_ever


def test_each_work_is_done_on_one_device_and_its_lines_say_whose_they_are(capsys, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    works = [Work(f"fold {n}", print_device, (f"work {n}",)) for n in (1, 2, 3)]
    assert work_on(("gpu:4", "gpu:7"), works) == {}
    lines = sorted(capsys.readouterr().out.splitlines())
    assert [line[:-1] for line in lines] == [f"fold {n} | work {n} sees " for n in (1, 2, 3)]
    assert {line[-1] for line in lines[:2]} == {"4", "7"}


def test_one_that_fails_costs_the_others_nothing(capsys):
    failing = [Work(how, fail, (how,)) for how in ("refuse", "kill", "break")]
    failed = work_on(("cpu:0", "cpu:1"), [*failing, Work("last", print_device, ("it",))])
    assert failed == {
        "refuse": "no such clip",
        "kill": "its process was ended by signal 9 (out of memory?)",
        "break": "RuntimeError: a fault",
    }
    printed = capsys.readouterr().out
    assert "refuse | begun\nrefuse | error: no such clip\n" in printed.replace("kill | begun\n", "")
    assert "break | Traceback" in printed
    assert "last | it sees -1" in printed


@pytest.fixture
def ctrl_c():
    """Ctrl-C raises KeyboardInterrupt, also where these tests run in the background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_ends_all_of_them(tmp_path, capsys):
    begun, ended = tmp_path / "begun", tmp_path / "ended"
    works = [Work("a", wait_for_ever, (begun, ended)), Work("b", interrupt, (os.getpid(), begun))]
    with pytest.raises(KeyboardInterrupt):
        work_on(("cpu:0", "cpu:1"), works)
    assert ended.exists()
