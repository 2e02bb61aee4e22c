"""Hundreds of awkward files through the three commands: each is done or listed, and nothing else happens."""

import csv
import hashlib
import json
import os
from pathlib import Path

import pytest

import predict
import preprocess
from foundation.text import BYTES_KEPT
from tagging.datasets.scan import names_as_text
from tests.corpus import make_corpus
from tests.tag_command_helpers import tag

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="names, pipes and links of Unix")]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """(folder, its files); it has to be as it was made when all is done."""
    folder = tmp_path_factory.mktemp("corpus")
    files = make_corpus(folder / "files")
    assert len(files) >= 400
    before = state(folder)
    yield folder / "files", files
    assert state(folder) == before


def state(folder: Path) -> dict[str, tuple]:
    """Name -> kind, size, time and content of all that there is."""
    found = {}
    for path in sorted(folder.rglob("*")):
        stat = path.lstat()
        is_plain = path.is_file() and not path.is_symlink()
        content = hashlib.blake2b(path.read_bytes()).hexdigest() if is_plain else ""
        found[str(path.relative_to(folder))] = (stat.st_mode, stat.st_size, stat.st_mtime_ns, content)
    return found


def rows(path: Path) -> list[dict[str, str]]:
    """Of a table; a row that is too short or too long has None in it."""
    with path.open(newline="", encoding="utf-8", errors=BYTES_KEPT) as file:
        found = list(csv.DictReader(file))
    assert all(None not in row and None not in row.values() for row in found)
    return found


def check_screen(capsys) -> str:
    """What a command said, which has to be short lines of text; on stderr."""
    done = capsys.readouterr()
    for line in (done.out + done.err).splitlines():
        assert "Traceback" not in line
        assert line.isprintable()
    return done.err


def test_preprocessing(corpus, noisy, tmp_path, capsys):
    folder, files = corpus
    (tmp_path / "c.yaml").write_text(
        f"dataset: {{layout: folders, root: {folder}}}\nclean_dir: {tmp_path / 'clean'}\n"
        "stages: {train: {sources: [train]}}\n"
    )
    command = ["--config", str(tmp_path / "c.yaml"), "--jobs", "1"]
    assert preprocess.main([*command, "--strict"]) == 1
    error = check_screen(capsys)
    manifest = rows(tmp_path / "clean" / "manifest.csv")
    names = {
        *names_as_text([path.name for path in files]),
        *names_as_text([str(path.relative_to(folder)) for path in files]),
    }
    assert len(manifest) == len(files)
    assert {row["fname"] for row in manifest} <= names
    bad = [row for row in manifest if row["status"] not in ("ok", "kept_whole")]
    assert 100 < len(bad) < len(files) - 200
    assert all(row["reason"] for row in bad)
    assert f"{len(bad)} of {len(files)} clips cannot be used" in error
    clean = [path for path in (tmp_path / "clean").rglob("*") if path.suffix.lower() == ".wav"]
    assert len(clean) == len(files) - len(bad)


def test_prediction(corpus, noisy, tmp_path, capsys):
    folder, files = corpus
    out = tmp_path / "p.csv"
    assert (
        predict.main(["--runs", str(noisy[1]), "--audio", str(folder), "--out", str(out), "--jobs", "1"]) == 1
    )
    check_screen(capsys)
    done, refused = rows(out), rows(tmp_path / "p.refused.csv")
    assert len(done) + len(refused) == len(files)
    assert len({row["fname"] for row in (*done, *refused)}) == len(files)
    assert all(row["reason"] for row in refused)
    assert all(0 <= float(value) <= 1 for row in done for key, value in row.items() if key != "fname")


def test_tags(corpus, noisy, tmp_path, capsys):
    folder, files = corpus
    out = tmp_path / "tags.json"
    command = (folder, "--run", noisy[1], "--jobs", 1, "--format", "json", "--out", out)
    assert tag(*command) == 1
    error = check_screen(capsys)
    done, refused = json.loads(out.read_text()), rows(tmp_path / "tags.refused.csv")
    assert len(done) + len(refused) == len(files)
    assert len({row["fname"] for row in (*done, *refused)}) == len(files)
    assert all(row["reason"] in error for row in refused)
    warned = {row["fname"] for row in done if row.get("warning")}
    assert sum("opposite" in name for name in warned) == 1
    assert sum("never finalised" in row.get("warning", "") for row in done) >= 1
    assert f"{len(refused)} of {len(files)} files could not be used" in error
    heard = [
        row for row in done if any(word in row["fname"] for word in ("list.wav", "hls.wav", "concat.wav"))
    ]
    assert heard == [], "a playlist's sounds are those of other files"
