"""`index.html`, put together; and the model, taken out of it again."""

import base64
import gzip
import hashlib
import re
from pathlib import Path

from tagging.export.page.runtime import VERSION, WebRuntime

_HERE = Path(__file__).parent
_SCREEN = ("segments", "decoding", "engine", "microphone", "plots", "results", "page")  # the last one starts
_WORKER = ("cleaning", "resampling", "scoring", "spectrum", "worker")
_POLICY = (
    "default-src 'none'",
    "connect-src 'none'",  # nothing is sent, and nothing fetched
    "script-src {script} 'wasm-unsafe-eval'",
    "worker-src blob:",
    "style-src {style}",
    "media-src blob:",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
)
_MODEL = re.compile(r'<script type="text/plain" id="model">([^<]*)</script>')


def document(model: bytes, about_json: str, runtime: WebRuntime) -> str:
    """The page.

    Args:
        model: an ONNX file.
        about_json: its facts.
        runtime: what runs it in a browser.
    """
    style, screen = _text("style.css"), _scripts("screen", _SCREEN)
    policy = "; ".join(_POLICY).format(script=_source(screen), style=_source(style))
    parts = {
        "policy": policy,
        "style": style,
        "version": VERSION,
        "about": about_json.replace("<", "\\u003c"),
        "runtime": runtime.script,
        "wasm": _packed(runtime.wasm),
        "model": _packed(model),
        "worker": _scripts("worker", _WORKER),
        "screen": screen,
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], _text("index.html"))


def model_of(page: str) -> bytes:
    """The ONNX file in a page."""
    found = _MODEL.search(page)
    assert found  # noqa: S101  for the type checker: a page has one
    return gzip.decompress(base64.b64decode(found[1]))


def _text(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _scripts(folder: str, names: tuple[str, ...]) -> str:
    """Scripts as one, in a scope in which errors are not silent."""
    return '"use strict";\n' + "\n".join(_text(f"{folder}/{name}.js") for name in names)


def _packed(content: bytes) -> str:
    """Base64 of gzip: the runtime becomes three times smaller."""
    return base64.b64encode(gzip.compress(content, mtime=0)).decode()


def _source(text: str) -> str:
    """What a policy calls a text that may be used."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
