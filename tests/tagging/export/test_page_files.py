"""What `--to page` writes, and the package that it takes: without a browser, and without a network."""

import base64
import hashlib
import io
import json
import re
import tarfile
from pathlib import Path

import pytest

from tagging.export.errors import ExportError
from tagging.export.page import runtime
from tagging.export.page.document import document, model_of
from tagging.export.page.runtime import WebRuntime, web_runtime
from tests.export_helpers import export, refusal, run_on_features

MODULE = (
    b"const a=1,b=import.meta.url;export{a as Tensor,b as env,a as default};\n//# sourceMappingURL=x.map\n"
)


@pytest.fixture
def package(tmp_path, monkeypatch) -> Path:
    """A small package that takes the place of the real one."""
    path = tmp_path / "onnxruntime-web.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for name, content in ((runtime._SCRIPT, MODULE), (runtime._WASM, b"wasm")):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    monkeypatch.setattr(
        runtime, "SHA512", base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()
    )
    return path


def test_a_page_is_one_file_with_the_model_of_the_run(make_run, package, tmp_path, capsys):
    assert export(make_run(), "--to", "page", "--out", tmp_path / "out", "--runtime", package) == 0
    printed = capsys.readouterr().out
    assert "(in the page: onnxruntime-web 1." in printed
    names = {path.name for path in (tmp_path / "out").iterdir() if not path.name.startswith(".")}
    assert printed.endswith(f"next: open {tmp_path / 'out' / 'index.html'} in a browser\n")
    assert names == {"index.html", "labels.txt", "licences.txt", "model_card.md", "parity.json"}
    parity = json.loads((tmp_path / "out" / "parity.json").read_text())
    assert parity["largest_difference"]["scores"] <= 1e-4
    text = (tmp_path / "out" / "index.html").read_text()
    assert "http:" not in text and "https:" not in text  # noqa: PT018
    assert "{{" not in text
    assert len(model_of(text)) > 1_000
    licences = (tmp_path / "out" / "licences.txt").read_text()
    assert licences.startswith("The model in index.html. The weights were trained by whoever made this file")
    assert "MIT License" in licences
    card = (tmp_path / "out" / "model_card.md").read_text()
    assert "tag_standalone" not in card
    assert str(tmp_path) not in text + card  # where the run lies is nobody's business


def test_the_policy_allows_the_scripts_of_the_page_and_no_connection():
    text = document(b"model", '{"labels": ["</script><b>"]}', WebRuntime("script", b"wasm"))
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    assert "default-src 'none'; connect-src 'none'" in policy
    assert "unsafe-inline" not in policy
    for name, pattern in (("script-src", r"<script>(.*?)</script>"), ("style-src", r"<style>(.*?)</style>")):
        content = re.search(pattern, text, re.DOTALL)[1].encode()
        digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
        assert f"{name} 'sha256-{digest}'" in policy
    assert "</script><b>" not in text
    assert model_of(text) == b"model"


def test_the_runtime_becomes_a_script_of_its_own_scope(package):
    found = web_runtime(package)
    assert found.wasm == b"wasm"
    assert found.script == ("(() => {const a=1,b=self.location.href;self.ort={Tensor:a,env:b};\n\n})();")


def test_the_runtime_is_fetched_once_by_npm(package, tmp_path, monkeypatch):
    npm = tmp_path / "npm"
    npm.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\ncp {package} "$4/{runtime._FILE}"\n')
    npm.chmod(0o755)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(runtime.shutil, "which", lambda name: str(npm))
    for _ in range(2):
        assert web_runtime(None).wasm == b"wasm"
    (call,) = (tmp_path / "calls").read_text().splitlines()
    assert call.startswith(f"pack onnxruntime-web@{runtime.VERSION} --pack-destination ")
    (tmp_path / "keras" / "runtimes" / runtime._FILE).write_bytes(b"damaged")
    assert web_runtime(None).wasm == b"wasm"


@pytest.mark.parametrize(
    ("script", "reason"), [(None, "npm is not installed"), ("echo no network >&2; exit 1", "no network")]
)
def test_a_runtime_that_cannot_be_fetched_is_one_line(tmp_path, monkeypatch, script, reason):
    npm = tmp_path / "npm"
    npm.write_text(f"#!/bin/sh\n{script}\n")
    npm.chmod(0o755)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(runtime.shutil, "which", lambda name: script and str(npm))
    with pytest.raises(
        ExportError, match=rf"could not be fetched \({reason}\); .* give the file as --runtime"
    ):
        web_runtime(None)


def test_another_file_is_not_taken(tmp_path, make_run, capsys):
    run, other = make_run(), tmp_path / "other.tgz"
    other.write_bytes(b"other")
    arguments = [run, "--to", "page", "--out", tmp_path / "out", "--runtime"]
    assert "received" in (line := refusal(capsys, *arguments, other))
    assert "with another hash; fetch it with npm pack onnxruntime-web@" in line
    assert refusal(capsys, *arguments, tmp_path).endswith(f"{tmp_path}: no such file")


def test_other_formats_take_no_runtime(tmp_path, make_run, capsys):
    line = refusal(capsys, make_run(), "--to", "onnx", "--out", tmp_path, "--runtime", __file__)
    assert line.endswith("--runtime applies to --to page, received --to onnx: leave it out")


def test_a_run_on_features_has_no_page(make_run, tmp_path, capsys):
    run = run_on_features(make_run, "cnn1d", fixed=True)
    assert refusal(capsys, run, "--to", "page", "--out", tmp_path / "out").endswith("use --to onnx")
