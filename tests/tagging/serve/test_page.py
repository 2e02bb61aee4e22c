"""The static page of a service: its files, and nothing else."""

import pytest
from starlette.testclient import TestClient


@pytest.fixture
def page(make, tmp_path) -> TestClient:
    """A folder with a page, a secret next to it, and links that lead there."""
    folder = tmp_path / "page"
    (folder / "sub").mkdir(parents=True)
    for name in ("index.html", "app.js", "app.mjs", "ort.wasm", "model.onnx", "model.tflite", "sub/x.json"):
        (folder / name).write_text("{}")
    (tmp_path / "secret").write_text("secret")
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "out").symlink_to(tmp_path)
    return TestClient(make(page=folder))


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html"),
        ("/index.html", "text/html"),
        ("/app.js", "text/javascript"),
        ("/app.mjs", "text/javascript"),
        ("/ort.wasm", "application/wasm"),
        ("/model.onnx", "application/octet-stream"),
        ("/model.tflite", "application/octet-stream"),
        ("/sub/x.json", "application/json"),
    ],
)
def test_files_have_their_types(page, path, kind):
    response = page.get(path)
    assert (response.status_code, response.text) == (200, "{}")
    assert response.headers["content-type"].partition(";")[0] == kind


@pytest.mark.parametrize(
    "path",
    [
        "/%2e%2e/secret",
        "/sub/..%2f..%2fsecret",
        "/..%5csecret",
        "/%2fetc%2fpasswd",
        "/link",
        "/out/secret",
        "/%00",
        "/sub",
        "/" + "a" * 5_000,
    ],
)
def test_nothing_outside_is_shown(page, path):
    response = page.get(path)
    assert response.status_code == 404
    assert list(response.json()) == ["error"]


def test_the_service_comes_first(page, sounds):
    assert page.get("/tag").status_code == 405
    assert page.get("/health").json()["status"] == "ok"
    assert page.post("/tag", content=sounds["short"].read_bytes()).status_code == 200
