"""`python -m tagging serve`: what keeps it from starting, and how it ends."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import pytest

from preprocessing.feature_settings import FeatureSettings
from preprocessing.settings import CleaningSettings
from tagging import __main__
from tagging.config.schema import Config
from tagging.pipeline.pieces import feature_sequences
from tagging.pipeline.settings import SequenceSettings
from tagging.serve import command, server
from tagging.serve.server import bound_socket, url_of
from tagging.serve.service import ready_service
from tagging.tagger.tagger import Tagger
from tests.tag_command_helpers import RATE_HZ
from tests.tagger_helpers import untrained_run
from tests.tagging.serve.conftest import CLASSES, CONFIG, LIMITS

ROOT = Path(__file__).parents[3]


def refusal(capsys, *arguments: object) -> str:
    """The one line of a service that does not start."""
    assert __main__.main(["serve", "--port", "0", *map(str, arguments)]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    return line


def test_packages_that_lack_are_named_with_their_command(runs, capsys, monkeypatch):
    monkeypatch.setattr(command, "find_spec", lambda name: None)
    assert refusal(capsys, runs[0]).endswith("pip install starlette uvicorn python-multipart")


def test_an_address_that_is_taken(runs, capsys):
    with bound_socket("127.0.0.1", 0) as taken:
        taken.listen()
        port = taken.getsockname()[1]
        line = refusal(capsys, runs[0], "--port", port)
    assert f"expected a free address, received 127.0.0.1 port {port}: Address already in use" in line


def test_a_host_that_does_not_exist(runs, capsys):
    assert "expected a free address, received no.invalid" in refusal(capsys, runs[0], "--host", "no.invalid")


def test_a_page_has_an_index(runs, capsys, tmp_path):
    assert "--page: expected a folder with index.html" in refusal(capsys, runs[0], "--page", tmp_path)


def test_weights_are_of_the_published_network(runs, capsys):
    assert "--weights applies to the published network" in refusal(capsys, runs[0], "--weights", __file__)


def test_windows_that_the_runs_do_not_have(runs, capsys):
    assert "columns" in refusal(capsys, runs[0], "--columns", 2)


def features_run(folder: Path, features: FeatureSettings, bands: int) -> Path:
    sequence = SequenceSettings(max_steps=16, fixed=True)
    cleaning = CleaningSettings(rate_hz=RATE_HZ, features=features)
    config = Config(stages=CONFIG.stages, model=CONFIG.model, cleaning=cleaning, sequence=sequence)
    return untrained_run(folder, config, CLASSES, pieces=feature_sequences(sequence, bands))


def test_runs_on_files_of_features(capsys, tmp_path):
    run = features_run(tmp_path / "run", FeatureSettings("stored"), 8)
    assert "expected runs on audio" in refusal(capsys, run)


def test_runs_on_computed_features_tag_whole_clips(tmp_path):
    run = features_run(tmp_path / "run", FeatureSettings("mfcc", n_mfcc=20), 20)
    assert ready_service(Tagger.load(run), LIMITS, {"hop_s": None}).over_time is None


@pytest.mark.parametrize("port", ["-1", "65536", "x", "80.5"])
def test_ports(runs, capsys, port):
    with pytest.raises(SystemExit):
        __main__.main(["serve", str(runs[0]), f"--port={port}"])
    assert "--port" in capsys.readouterr().err


def test_addresses_of_the_new_kind():
    with bound_socket("::1", 0) as listener:
        assert re.fullmatch(r"http://\[::1\]:\d+", url_of(listener))


def test_the_address_is_printed_when_it_can_be_reached(runs, capsys, monkeypatch):
    def connect(app, listener, limits, *, quiet):
        line = f"{url_of(listener)} (Ctrl-C ends it): 3 classes by {runs[0]}\n"
        assert capsys.readouterr().out.endswith(line)
        socket.create_connection(listener.getsockname()).close()

    monkeypatch.setattr(server, "run_server", connect)
    assert __main__.main(["serve", str(runs[0]), "--port", "0"]) == 0


@pytest.mark.slow
def test_a_service_answers_and_ends_when_it_has_answered(runs, sounds, tmp_path):
    """SIGTERM comes while files are tagged."""
    environment = {**os.environ, "TMPDIR": str(tmp_path), "CUDA_VISIBLE_DEVICES": "-1"}
    arguments = [sys.executable, "-m", "tagging", "serve", str(runs[0]), "--port", "0", "--jobs", "1"]
    process = subprocess.Popen(  # noqa: S603
        arguments, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    url = process.stdout.readline().split()[0]
    data, answers = sounds["low"].read_bytes(), list[bytes]()

    def post() -> None:
        request = urllib.request.Request(f"{url}/tag", data)  # noqa: S310
        with urllib.request.urlopen(request) as response:  # noqa: S310
            answers.append(response.read())

    clients = [threading.Thread(target=post) for _ in range(4)]
    for client in clients:
        client.start()
    while not answers:
        clients[0].join(0.01)
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=60)
    for client in clients:
        client.join()
    assert process.returncode == 0
    assert len(answers) == 4
    tags = [(tag["label"], tag["score"]) for tag in json.loads(answers[0])[0]["tags"]]
    assert tags == Tagger.load(runs[0])(sounds["low"]).top()
    assert log.count('"POST /tag HTTP/1.1" 200') == 4
    assert [
        path.name for path in tmp_path.iterdir() if path.name != "__pycache__"
    ] == []  # TensorFlow may leave that
