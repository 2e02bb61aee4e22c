"""A page in a browser: what users do, and what must not happen on the way."""

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr

from tests.tag_command_helpers import tone

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--mute-audio",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)
_DROP = """files => {
  const data = new DataTransfer();
  for (const [name, content] of files) {
    data.items.add(new File([Uint8Array.from(atob(content), letter => letter.charCodeAt(0))], name));
  }
  document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
}"""


def write_sounds(folder: Path) -> Path:
    """At the rate of the tests' runs and others, in several formats, and what cannot be used; returns the folder."""
    rate_hz = 16_000
    parts = [tone("low", 1.2, 1, rate_hz), np.zeros(2 * rate_hz), tone("high", 1.7, 2, rate_hz)]
    exact = np.concatenate(parts).astype("f")
    wide = soxr.resample(np.concatenate([exact, exact[::-1]]), rate_hz, 44_100)
    soundfile.write(folder / "exact.wav", exact, rate_hz)
    soundfile.write(folder / "exact24.wav", np.stack([exact, 0.4 * exact], 1), rate_hz, subtype="PCM_24")
    soundfile.write(folder / "float.wav", np.stack([exact, -exact], 1), rate_hz, subtype="FLOAT")
    soundfile.write(folder / "short.wav", exact[:2_000], rate_hz, subtype="PCM_U8")
    for name in ("other.flac", "other.ogg", "other.mp3"):
        soundfile.write(folder / name, np.stack([wide, 0.5 * wide], 1), 44_100)
    for name in ("ULAW", "ALAW"):
        soundfile.write(folder / f"{name}.wav", exact, rate_hz, subtype=name)
    soundfile.write(folder / "rf64.wav", exact, rate_hz, format="RF64")
    soundfile.write(folder / "silent.wav", np.zeros(rate_hz), rate_hz)
    soundfile.write(folder / "long.wav", np.zeros(3_601_000), 1_000, subtype="PCM_U8")
    soundfile.write(folder / "long.flac", np.zeros(3_601 * 8_000, np.int16), 8_000)
    soundfile.write(folder / "minutes.wav", np.resize(exact, 240 * 22_050), 22_050)
    (folder / "broken.wav").write_bytes(b"RIFF....WAVE" + bytes(200))
    (folder / "empty.wav").write_bytes(b"")
    _write_odd(folder, exact, rate_hz)
    return folder


def _write_odd(folder: Path, exact: np.ndarray, rate_hz: int) -> None:
    """WAVs that `tag` refuses, and one without the sizes that are known only at the end."""
    for name, value in (("nan", np.nan), ("infinite", np.inf), ("scale", 3e4)):
        soundfile.write(folder / f"{name}.wav", np.append(exact, value), rate_hz, subtype="FLOAT")
    data = (folder / "exact.wav").read_bytes()
    (folder / "unfinished.wav").write_bytes(data[:40] + bytes(4) + data[44:])
    (folder / "rate.wav").write_bytes(data[:24] + b"\xff\xff\xff\xff" + data[28:])
    (folder / "channels.wav").write_bytes(data[:22] + b"\xff\xff" + data[24:])
    soundfile.write(folder / "little.wav", exact[:1], 192_000)


class Opened:
    """A page of Playwright with the steps of these tests."""

    def __init__(self, page: Any) -> None:
        self._page = page

    def __getattr__(self, name: str) -> Any:
        return getattr(self._page, name)

    def wait_for_text(self, selector: str, expected: str | re.Pattern) -> None:
        from playwright.sync_api import expect

        expect(self._page.locator(selector)).to_have_text(expected, timeout=60_000)

    def wait_for_status(self, expected: str | re.Pattern) -> None:
        self.wait_for_text("#status", expected)

    def wait_until_done(self) -> None:
        self.wait_for_status(re.compile("^Done"))

    def status(self) -> str:
        return self._page.locator("#status").inner_text()

    def choose(self, *files: Path, wait: bool = True) -> None:
        """With the button."""
        with self._page.expect_file_chooser() as chooser:
            self._page.get_by_role("button", name="Choose files").click()
        chooser.value.set_files([str(file) for file in files])
        if wait:
            self.wait_until_done()

    def drop(self, *files: Path) -> None:
        self._page.evaluate(
            _DROP, [[file.name, base64.b64encode(file.read_bytes()).decode()] for file in files]
        )
        self.wait_until_done()

    def article(self, number: int) -> Any:
        return self._page.locator("article").nth(number)

    def tags(self, number: int) -> list[tuple[str, float]]:
        """Of a result, as they are listed, with all digits."""
        rows = self.article(number).locator("table.tags tbody tr")
        found = rows.evaluate_all("rows => rows.map(row => [row.cells[0].textContent, +row.dataset.score])")
        return [(label, score) for label, score in found]

    def present(self, number: int) -> list[str]:
        return self.article(number).locator("tr.there th").all_inner_texts()


@contextmanager
def opened(browser: Any, url: str, script: str = "") -> Iterator[Opened]:
    """A page that is ready; at the end, it has asked nobody for anything and reported no error.

    Args:
        browser: of Playwright.
        url: of the page.
        script: runs before it.
    """
    context = browser.new_context()
    page = context.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(f"error: {error}"))
    if script:
        page.add_init_script(script)
    try:
        page.goto(url)
        found = Opened(page)
        found.wait_for_status("Ready.")
        yield found
    finally:
        context.close()
    assert [each for each in asked if each != url and not each.startswith("blob:")] == []
    assert [each for each in said if each.startswith("error")] == []
