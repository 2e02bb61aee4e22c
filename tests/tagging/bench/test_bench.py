"""`python -m tagging bench`: every step is measured, and what is printed is what was measured."""

import json
import re

import pytest
import soundfile as sf

from tagging import __main__
from tagging.bench import measures
from tagging.bench.duration import announcement, estimate_s
from tagging.bench.figures import Figure, Plan, as_json, as_text, rate
from tagging.bench.setups import FRONT_ENDS, setup
from tagging.bench.sounds import write_sounds
from tagging.commands.bench import NETWORKS

MACHINE = {"processor": "P", "cores": 4, "jobs": 2, "gpus": ["GPU:0"]}
FIGURES = [
    Figure("cleaning", "16000 Hz", 2_516.4, "times real time"),
    Figure("tagging", "mn", 399.6, "times real time"),
    Figure("training", "step of mn", 4.72, "images/s"),
]


@pytest.fixture
def plan(tmp_path) -> Plan:
    return Plan(write_sounds(tmp_path, 3), tmp_path / "clean", ["simple_cnn"], 1, 2, 1)


def test_each_step_has_a_figure_above_zero(plan, eagerly):
    found = [*measures.cleaning(plan), *measures.training(plan), *measures.tagging(plan)]
    assert [(figure.step, figure.name) for figure in found] == [
        ("cleaning", "16000 Hz"),
        ("training", "files to images (log_mel)"),
        ("training", "step of simple_cnn"),
        ("tagging", "simple_cnn"),
    ]
    assert all(figure.value > 0 for figure in found)
    assert len(list((plan.clean / "0").glob("*.wav"))) == 3


def test_rates_are_amounts_by_seconds(plan, monkeypatch):
    times = iter([0.0, 9.0, 10.0, 12.0, 20.0, 24.0])
    monkeypatch.setattr(measures.time, "perf_counter", lambda: next(times))
    rate = measures._best_rate(plan._replace(rounds=2), lambda: 8)
    assert rate == 4.0, "the first round is not counted, and the best of the others is"


def test_the_sounds_have_pauses_that_cleaning_removes(plan):
    list(measures.cleaning(plan))
    assert all(sf.info(file).duration < 4.9 for file in (plan.clean / "0").glob("*.wav"))


def test_networks_have_the_front_ends_of_their_weights():
    for name in NETWORKS:
        config = setup(name, 8)
        assert (config.frontend.name, config.cleaning.rate_hz) == FRONT_ENDS.get(name, ("log_mel", 16_000))
        assert config.stages["train"].augment.spec_augment.enabled


def test_the_table_has_the_machine_and_all_figures():
    first, *lines = as_text(MACHINE, FIGURES).splitlines()
    assert first == "P: 2 of 4 cores, 1 GPU"
    assert [re.split(r"  +", line) for line in lines] == [
        ["cleaning", "16000 Hz", "2,516 times real time"],
        ["tagging", "mn", "400 times real time"],
        ["training", "step of mn", "4.7 images/s"],
    ]
    content = json.loads(json.dumps(as_json(MACHINE, FIGURES)))
    assert content["machine"] == MACHINE
    assert content["figures"][1] == {
        "step": "tagging",
        "name": "mn",
        "value": 399.6,
        "unit": "times real time",
    }


def test_the_first_line_says_about_how_long_it_takes(plan):
    default = plan._replace(files=plan.files * 43, networks=NETWORKS, jobs=2, rounds=3)
    assert announcement(default).startswith(
        "measuring 129 clips of 5 s with 5 networks on 2 cores: about 5 minutes; each figure"
    )
    assert announcement(plan).startswith("measuring 3 clips of 5 s with 1 network on 1 core: about 1 minute;")
    assert estimate_s(default._replace(jobs=8)) < estimate_s(default) < estimate_s(default._replace(rounds=9))


@pytest.mark.slow
def test_the_command_prints_a_table_and_writes_json(tmp_path, capfd):
    out = tmp_path / "bench.json"
    arguments = ["--networks", "simple_cnn", "yamnet", "--clips", "4", "--rounds", "1", "--batch-size", "2"]
    assert __main__.main(["bench", *arguments, "--jobs", "2", "--out", str(out)]) == 0
    (printed, progress), content = capfd.readouterr(), json.loads(out.read_text())
    first, *lines = progress.splitlines()
    assert first.startswith("measuring 4 clips of 5 s with 2 networks on 2 cores")
    assert len(lines) == len(content["figures"])
    assert content["machine"]["jobs"] == 2
    assert [figure["name"] for figure in content["figures"] if figure["step"] == "tagging"] == [
        "simple_cnn",
        "yamnet",
    ]
    for figure in content["figures"]:
        assert f"{rate(figure['value'])} {figure['unit']}" in printed
        assert f"{rate(figure['value'])} {figure['unit']}  (" in progress
