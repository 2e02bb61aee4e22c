"""The page of `--to page` in Chromium, from disk and from a server, against the run that it was made from."""

import re
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tagging import __main__
from tagging.export.errors import ExportError
from tagging.export.page.runtime import web_runtime
from tagging.tagger.tagger import Tagger
from tests.tagging.export import page_variants as variants
from tests.tagging.export.page_helpers import FLAGS, Opened, opened, write_sounds

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def sounds(tmp_path_factory) -> Path:
    return write_sounds(tmp_path_factory.mktemp("sounds"))


@pytest.fixture(scope="module")
def exported(noisy, shared) -> Path:
    """The folder of a page."""
    try:
        web_runtime(None)
    except ExportError as error:
        pytest.skip(str(error))

    def make(folder: Path) -> None:
        assert __main__.main(["export", str(noisy[1]), "--to", "page", "--out", str(folder)]) == 0

    return shared("page", make)


@pytest.fixture(scope="module")
def browser(sounds) -> Iterator[Any]:
    """Chromium whose microphone hears a file."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    microphone = f"--use-file-for-fake-audio-capture={sounds / 'exact.wav'}"
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=[*FLAGS, microphone])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def one_page(browser, exported) -> Iterator[Opened]:
    with opened(browser, (exported / "index.html").as_uri()) as page:
        yield page


@pytest.fixture
def page(one_page) -> Opened:
    """A page without results: to open one takes longer than to use it."""
    one_page.evaluate("document.getElementById('results').replaceChildren()")
    return one_page


def top(page: Opened, number: int) -> list[str]:
    return [label for label, _ in page.tags(number)[:3]]


def test_dropped_files_get_the_tags_of_the_command(page, noisy, sounds):
    tagger = Tagger.load(noisy[1])
    page.fill("#top", "99")
    names = (
        "exact.wav",
        "exact24.wav",
        "float.wav",
        "short.wav",
        "ULAW.wav",
        "ALAW.wav",
        "rf64.wav",
        "unfinished.wav",
    )
    names += ("other.flac", "other.ogg", "other.mp3")
    page.drop(*(sounds / name for name in names))
    for number, name in enumerate(names):
        expected, found = tagger(sounds / name), page.tags(number)
        assert [label for label, _ in found[:3]] == [label for label, _ in expected.top(3)]
        atol = 1e-3 if name.startswith("other") else 1e-5
        np.testing.assert_allclose(
            [score for _, score in found], [score for _, score in expected.top(99)], atol=atol
        )
        assert page.present(number) == [label for label, _ in expected.present()]
    assert "of silence are left out" in page.article(0).inner_text()


def test_all_settings_are_followed_as_by_the_script(browser, exported):
    with opened(browser, (exported / "index.html").as_uri()) as page:
        for variant in variants.VARIANTS:
            about = variants.about_of(variant)
            model, script = variants.model_of(about)
            page.evaluate(variants.START, [about, model])
            for samples, rate_hz in variants.sounds():
                expected, is_silent = script.scores(samples, rate_hz)
                found = page.evaluate(variants.TAG, [variants.packed(samples), rate_hz])
                atol = 1e-5 if rate_hz == variants.RATE_HZ else 2e-3
                np.testing.assert_allclose(found["scores"], expected, atol=atol, err_msg=variant)
                assert found["silent"] == is_silent


def test_what_cannot_be_used_is_said_and_the_rest_is_tagged(page, sounds):
    errors = {
        "broken.wav": "expected an audio file, received one that this browser cannot decode",
        "empty.wav": "the file is empty",
        "long.wav": "too long: expected at most 60 minutes; cut the file, or use tag_standalone.py",
        "nan.wav": "expected finite samples, received some that are NaN or not sound",
        "infinite.wav": "expected finite samples, received some that are NaN or not sound",
        "scale.wav": "expected float samples of full scale 1.0, received 30000: divide integers by their full scale",
        "rate.wav": "expected a sample rate from 1000 to 768000 Hz, received 4294967295",
        "channels.wav": "expected an audio file, received one that this browser cannot decode",
        "little.wav": "expected sound, received too little of it: less than a sample at 16000 Hz",
    }
    page.choose(*(sounds / name for name in (*errors, "silent.wav")))
    assert page.locator(".error").all_inner_texts() == [f"{name}: {error}" for name, error in errors.items()]
    assert "Silent: no tags." in page.article(0).inner_text()
    assert page.status() == f"Done: 1 tagged, {len(errors)} could not be used."


def test_hours_in_a_small_file_are_not_decoded(page, sounds):
    decode = "OfflineAudioContext.prototype.decodeAudioData"
    page.evaluate(f"() => {{ window.kept = {decode}; {decode} = () => Promise.reject(new Error()); }}")
    page.choose(sounds / "long.flac")
    page.evaluate(f"() => {{ {decode} = window.kept; }}")
    assert "long.flac: too long: expected at most 60 minutes" in page.locator(".error").inner_text()


def test_a_stream_whose_header_has_no_length_is_tagged(browser, exported, sounds):
    endless = "Object.defineProperty(HTMLMediaElement.prototype, 'duration', { get: () => Infinity })"
    with opened(browser, (exported / "index.html").as_uri(), endless) as page:
        page.choose(sounds / "other.ogg")
        assert page.status() == "Done: 1 tagged."


def test_segments_are_saved_as_the_command_writes_them(page, noisy, sounds, tmp_path):
    arguments = [
        "--run",
        noisy[1],
        "--timeline",
        "--labels",
        tmp_path / "labels.txt",
        "--out",
        tmp_path / "t.csv",
    ]
    assert __main__.main(["tag", str(sounds / "minutes.wav"), *map(str, arguments)]) == 0
    page.choose(sounds / "minutes.wav")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save labels for Audacity").click()
    assert download.value.suggested_filename == "minutes.txt"
    expected = (tmp_path / "labels.txt").read_text().splitlines()
    found = Path(download.value.path()).read_text().splitlines()
    assert len(expected) > 10
    assert len(set(expected) ^ set(found)) <= 0.02 * len(expected)  # scores next to a threshold


def test_a_click_in_the_plot_plays_from_there(page, sounds):
    page.choose(sounds / "exact.wav")
    box = page.locator("canvas").bounding_box()
    page.locator("canvas").click(position={"x": box["width"] / 2, "y": 20})
    assert 2.4 < page.evaluate("document.querySelector('audio').currentTime") < 4.9


def test_the_keyboard_is_enough_also_without_a_microphone(browser, exported, sounds):
    refuse = (
        "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotFoundError'))"
    )
    with opened(browser, (exported / "index.html").as_uri(), refuse) as page:
        page.on("filechooser", lambda chooser: chooser.set_files(sounds / "exact.wav"))
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_until_done()
        names = []
        for _ in range(3):
            names.append(page.evaluate("document.activeElement.id"))
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
            page.keyboard.press("Tab")
        assert names == ["choose", "microphone", "top"]
        page.locator("summary").focus()
        page.keyboard.press("Enter")
        assert page.get_by_role("table", name="Segments").is_visible()
        assert page.get_by_role("button", name="Play from 0:00.00").first.is_visible()
        page.locator("#microphone").focus()
        page.keyboard.press("Enter")
        page.wait_for_text(".error", "no microphone: none is connected")
        assert page.locator("#status").get_attribute("aria-live") == "polite"
        assert page.locator("[aria-live] p").first.inner_text().startswith("exact.wav: ")


def test_work_can_be_cancelled(page, sounds):
    page.choose(sounds / "minutes.wav", sounds / "minutes.wav", sounds / "exact.wav", wait=False)
    page.get_by_role("button", name="Cancel").click()
    page.wait_for_status("Cancelled. Files left out: 3.")
    page.choose(sounds / "exact.wav")
    assert page.article(0).locator("h3").inner_text() == "exact.wav"


def test_a_server_will_do_and_a_microphone_is_heard(browser, exported, noisy, sounds):
    serve = partial(QuietHandler, directory=str(exported))
    with ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with opened(browser, f"http://127.0.0.1:{server.server_port}/index.html") as page:
            page.get_by_role("button", name="Use the microphone").click()
            page.wait_for_text("#live", re.compile(r"\d"))
            page.wait_for_text("#step", re.compile("Recording 0:0[2-9]"))
            page.get_by_role("button", name="Stop and tag").click()
            page.wait_until_done()
            known = {label for label, _ in Tagger.load(noisy[1])(sounds / "exact.wav").top(5)}
            assert set(top(page, 0)) & known
            assert page.article(0).locator("h3").inner_text().startswith("recording ")
        server.shutdown()


def test_a_second_click_does_not_open_a_second_microphone(browser, exported):
    count = """
      const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      window.asked = 0;
      navigator.mediaDevices.getUserMedia = (wanted) => { window.asked += 1; return ask(wanted); };
    """
    with opened(browser, (exported / "index.html").as_uri(), count) as page:
        page.evaluate("find('microphone').click(), find('microphone').click()")
        page.wait_for_text("#step", re.compile("Recording"))
        assert page.evaluate("asked") == 1


class QuietHandler(SimpleHTTPRequestHandler):
    """A static server without a log."""

    def log_message(self, *_: Any) -> None:
        pass
