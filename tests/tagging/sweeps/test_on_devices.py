"""`sweep --devices`: a process on each device takes trials, with its share of the cores."""

from tagging import __main__ as tagging_main
from tagging.sweeps import on_devices
from tests.sweep_helpers import write_sweep


def test_a_process_on_each_device_gets_its_share_of_the_cores(tiny, tmp_path, monkeypatch, capsys):
    given = []

    def work_on(names, works):
        given.extend((names, work.label, work.arguments[0].jobs) for work in works)
        return {"cpu:1": "no space left"}

    monkeypatch.setattr(on_devices, "work_on", work_on)
    files = ["--config", str(tiny.write_config(tmp_path)), "--sweep", str(write_sweep(tmp_path))]
    command = ["sweep", *files, "--out", str(tmp_path / "out"), "--jobs", "5", "--devices", "cpu:0,cpu:1"]
    assert tagging_main.main(command) == 2
    error = capsys.readouterr().err
    assert "1 of 2 devices gave up, finished trials are kept (cpu:1: no space left)" in error
    assert given == [(("cpu:0", "cpu:1"), name, 2) for name in ("cpu:0", "cpu:1")]
