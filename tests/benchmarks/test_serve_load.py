"""The load test counts what is lost and what differs; here without a service."""

import http.client
import json

import pytest

from benchmarks import serve_load
from benchmarks.serve_load import Clip, load

CLIP = Clip(b"RIFF", 2.0, [("Bark", 0.5)])
GOOD = json.dumps([{"fname": "-", "tags": [{"label": "Bark", "score": 0.5}]}]).encode()
OTHER = GOOD.replace(b"0.5", b"0.6")


class Connection:
    """Answers with what `answers` has."""

    answers: list[tuple[int, bytes]]

    def __init__(self, *_, **__) -> None:
        self.status, self.body = self.answers[0]

    def request(self, *_) -> None:
        pass

    def getresponse(self):
        return self

    def read(self) -> bytes:
        return self.body

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("answers", "status", "wrong", "good"),
    [([(200, GOOD)], 200, 0, True), ([(200, OTHER)], 200, 1, False), ([(503, b"{}")], 503, 0, False)],
)
def test_answers_are_compared(monkeypatch, answers, status, wrong, good):
    monkeypatch.setattr(Connection, "answers", answers, raising=False)
    monkeypatch.setattr(http.client, "HTTPConnection", Connection)
    monkeypatch.setattr(serve_load, "memory_mb", lambda pid: 1.0)
    outcome, memory = load("http://127.0.0.1:1", 0, [CLIP], clients=2, seconds=0.05)
    number = len(outcome.latencies_s)
    assert number > 2
    assert outcome.statuses == {status: number}
    assert outcome.wrong == wrong * number
    assert outcome.audio_s == 2 * number
    assert outcome.is_good == good
    assert set(memory) == {1.0}
    assert outcome.pause_s >= 0


def test_no_answer_is_an_error_in_place_of_the_status():
    _, status, body = serve_load.post("http://127.0.0.1:1", CLIP)
    assert "ConnectionRefusedError" in str(status)
    assert body == b""
