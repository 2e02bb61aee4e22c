"""What a service answers: the text of `tag`, what it knows of itself, and refusals."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from foundation.workers import check_wanted
from tagging.serve.service import Service, ready_service
from tagging.tagger.tagger import Tagger
from tests.tag_command_helpers import tag
from tests.tagger_helpers import untrained_run
from tests.tagging.serve.conftest import CLASSES, CONFIG, LIMITS


def form(*paths: Path) -> list:
    """A form whose files have their whole path as their name, as in the output of `tag`."""
    return [("file", (str(path), path.read_bytes())) for path in paths]


def error_of(response) -> str:
    """The one line of a refusal."""
    (line,) = response.json()["error"].splitlines()
    assert list(response.json()) == ["error"]
    return line


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("", ""),
        ("?top=2", "--top 2"),
        ("?threshold=0.4", "--threshold .4"),
        ("?threshold=own&top=1&timeline=0", "--threshold own --top 1"),
        ("?timeline=1", "--timeline --hop-s .25"),
        (
            "?timeline=true&threshold=0.45&smooth_s=1&min_length_s=1&max_gap_s=.5",
            "--timeline --hop-s .25 --threshold .45 --smooth-s 1 --min-length-s 1 --max-gap-s .5",
        ),
    ],
)
def test_the_answer_is_what_tag_prints(client, runs, sounds, capsys, query, options):
    response = client.post(f"/tag{query}", files=form(sounds["low"]))
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert tag(sounds["low"], "--run", runs[0], "--format", "json", "--jobs", 1, *options.split()) == 0
    assert response.text == capsys.readouterr().out


def test_several_files_are_a_list(client, sounds):
    files = [sounds[name] for name in ("low", "short", "silent")]
    records = [client.post("/tag", files=form(file)).json()[0] for file in files]
    assert client.post("/tag", files=form(*files)).json() == records
    assert records[2] == {"fname": str(sounds["silent"]), "silent": True, "tags": []}


@pytest.mark.parametrize("kind", ["audio/wav", "application/x-www-form-urlencoded", ""])
def test_a_body_is_a_file_whatever_its_type(client, sounds, kind):
    data = sounds["low"].read_bytes()
    (record,) = client.post("/tag?top=9", content=data, headers={"content-type": kind}).json()
    (same,) = client.post("/tag?top=9", files=form(sounds["low"])).json()
    assert record == {**same, "fname": "-"}
    assert [entry["label"] for entry in record["tags"]] != []


def test_several_runs_are_an_ensemble(make, runs, sounds):
    tagger = Tagger.load(*runs)
    client = TestClient(make(ready_service(tagger, LIMITS, {})))
    (record,) = client.post("/tag", content=sounds["low"].read_bytes()).json()
    assert [(each["label"], each["score"]) for each in record["tags"]] == tagger(sounds["low"]).top()


def test_a_service_tells_of_itself(client, sounds):
    about = client.get("/model").json()
    assert about["labels"] == list(CLASSES)
    assert about["thresholds"] == [0.5] * 3
    assert about["limits"] == vars(LIMITS)
    (run,) = about["runs"]
    assert run["network"] == "cnn2d"
    assert "/" not in run["name"]
    client.post("/tag", content=sounds["short"].read_bytes())
    health = client.get("/health").json()
    assert {**health, "uptime_s": 0} == {"status": "ok", "labels": 3, "served": 1, "busy": 0, "uptime_s": 0}


def test_runs_of_one_stage_have_the_names_of_their_folders_above(tmp_path):
    for name in ("a", "b"):
        untrained_run(tmp_path / name / "train", CONFIG, CLASSES)
    tagger = Tagger.load(tmp_path / "a/train", tmp_path / "b/train")
    for run in tagger.runs:
        run.info["stage"] = "train"
    about = ready_service(tagger, LIMITS, {}).about()
    assert [run["name"] for run in about["runs"]] == ["a/train", "b/train"]


@pytest.mark.parametrize("task", ["multiclass", "regression"])
def test_runs_without_thresholds_tell_none(tmp_path, task):
    run = untrained_run(tmp_path / "run", CONFIG, CLASSES, task)
    about = ready_service(Tagger.load(run), LIMITS, {}).about()
    assert about["task"] == task
    assert "thresholds" not in about


def test_the_root_says_what_the_service_offers(client):
    response = client.get("/")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain")
    for route in client.app.routes:
        assert route.path in response.text


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("tops=1", "expected options among top,"),
        ("top=0", "top: expected a whole number of at least 1, received 0"),
        ("top=1&top=2", "top: expected it once"),
        ("top=" + "9" * 5000, "expected at most 40 characters"),
        ("threshold=nan", "threshold: expected a number"),
        ("threshold=2", "at most 1"),
        ("timeline=yes", "timeline: expected 0 or 1"),
        ("timeline=1&top=3", "top applies to whole clips"),
        ("smooth_s=1", "add timeline=1"),
        ("timeline=1&smooth_s=-1", "at least 0"),
        ("%00=1", "expected options among"),
    ],
)
def test_queries_that_are_refused(client, sounds, query, words):
    response = client.post(f"/tag?{query}", content=sounds["short"].read_bytes())
    assert response.status_code == 400
    assert words in error_of(response)


def test_options_that_do_not_fit_the_runs(make, service, sounds):
    client = TestClient(make(replace(service, over_time=None)))
    response = client.post("/tag?timeline=1", content=sounds["short"].read_bytes())
    assert (response.status_code, error_of(response)) == (400, "timeline: these runs tag whole clips only")


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/tag", 405), ("POST", "/", 405), ("GET", "/no", 404)]
)
def test_other_addresses_say_which_there_are(client, method, path, status):
    response = client.request(method, path)
    assert (response.status_code, error_of(response)) == (
        status,
        "expected POST /tag, GET /model or GET /health",
    )


def test_so_many_at_once(make, sounds):
    app = make()
    client, data = TestClient(app), sounds["short"].read_bytes()
    with app.state.desk.place(), app.state.desk.place():
        response = client.post("/tag", content=data)
        assert (response.status_code, response.headers["retry-after"]) == (503, "2")
        assert client.get("/health").json()["busy"] == 2
    assert client.post("/tag", content=data).status_code == 200


def test_a_fault_of_the_program_is_not_shown(make, service, sounds, monkeypatch):
    monkeypatch.setattr(Tagger, "__call__", lambda *_: 1 / 0)
    client = TestClient(make(), raise_server_exceptions=False)
    response = client.post("/tag", content=sounds["short"].read_bytes())
    assert (response.status_code, error_of(response)) == (500, "internal error: see the log of the service")


def answer(app: Starlette, receive: Callable[[], Any]) -> int:
    """The status that an upload gets whose messages come from `receive`; then nothing is at work any more."""
    sent: list[dict] = []

    async def send(message: dict) -> None:
        sent.append(message)

    async def call() -> None:
        scope = {"type": "http", "method": "POST", "path": "/tag", "query_string": b"", "headers": []}
        await app(scope, receive, send)
        async with asyncio.timeout(10):
            while app.state.desk.busy:
                await asyncio.sleep(0.01)

    asyncio.run(call())
    return sent[0]["status"]


def messages(*given: dict) -> Callable[[], Any]:
    """These, and then none."""
    waiting = list(given)

    async def receive() -> dict:
        return waiting.pop(0) if waiting else await asyncio.sleep(60, {})

    return receive


@pytest.fixture
def endless(monkeypatch) -> None:
    """Work ends only where nobody waits for it."""

    def work(*_: object) -> str:
        while True:
            check_wanted()
            time.sleep(0.01)

    monkeypatch.setattr(Service, "tag", work)


def test_an_upload_that_does_not_come_is_given_up(make):
    assert (
        answer(make(timeout_s=0.1), messages({"type": "http.request", "body": b"RIFF", "more_body": True}))
        == 408
    )


@pytest.mark.usefixtures("endless")
def test_work_that_takes_too_long_is_given_up(make):
    assert answer(make(timeout_s=0.2), messages({"type": "http.request", "body": b"RIFF"})) == 504


@pytest.mark.usefixtures("endless")
def test_work_ends_with_its_client(make):
    before = time.monotonic()
    upload = {"type": "http.request", "body": b"RIFF"}
    assert answer(make(timeout_s=20.0), messages(upload, {"type": "http.disconnect"})) == 400
    assert time.monotonic() - before < 10


def test_a_client_that_goes_away_while_it_sends(make):
    part = {"type": "http.request", "body": b"RIFF", "more_body": True}
    assert answer(make(), messages(part, {"type": "http.disconnect"})) == 400


def test_a_body_without_a_length_is_counted(make):
    parts = [{"type": "http.request", "body": bytes(100_000), "more_body": True}] * 11
    assert answer(make(), messages(*parts)) == 413
