"""The right to write a path: outputs that are recorded, and what is refused."""

import json
import os
from pathlib import Path

import pytest

from foundation.claims import OutputError, check_outputs, claimed, remove_output
from foundation.files import atomic_file, write_atomic
from foundation.ledger import LEDGER, is_recorded
from foundation.marks import CLEAN_FOLDER, RUN, home_of, is_marked
from foundation.streams import is_stream


def write(path: Path, data: bytes, command: str = "tool", name: str = "--out", **more) -> None:
    with claimed(command, {name: path}, **more):
        write_atomic(path, data)


def test_an_output_is_replaced_by_the_same_option_of_the_same_command(tmp_path):
    path = tmp_path / "new" / "out.csv"
    for data in (b"first", b"second", b"second"):
        write(path, data)
        assert path.read_bytes() == data
    assert is_recorded(path, "tool --out")
    assert sorted(each.name for each in path.parent.iterdir()) == [LEDGER, "out.csv"]


@pytest.mark.parametrize(("command", "name"), [("tool", "--plot"), ("other", "--out")])
def test_but_by_no_other(tmp_path, command, name):
    write(tmp_path / "x", b"first")
    with pytest.raises(
        OutputError, match=f"{name}: .*x would be lost: it was not written by {command} {name}"
    ):
        write(tmp_path / "x", b"second", command, name)
    assert (tmp_path / "x").read_bytes() == b"first"


def test_nor_once_it_is_edited_moved_or_its_record_is_gone(tmp_path):
    write(tmp_path / "x", b"first")
    os.replace(tmp_path / "x", tmp_path / "y")
    with pytest.raises(OutputError, match="would be lost"):
        write(tmp_path / "y", b"second")
    os.replace(tmp_path / "y", tmp_path / "x")
    write(tmp_path / "x", b"second")
    (tmp_path / "x").write_bytes(b"edited")
    with pytest.raises(OutputError, match="edited since"):
        write(tmp_path / "x", b"third")
    (tmp_path / "x").write_bytes(b"second")
    (tmp_path / LEDGER).write_text("damaged")
    with pytest.raises(OutputError, match="would be lost"):
        write(tmp_path / "x", b"third")


@pytest.mark.parametrize("data", [b"second", b"first"])
def test_a_kill_between_record_and_file_leaves_a_known_output(tmp_path, monkeypatch, data):
    write(tmp_path / "x", b"first")

    def killed(*_) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            write(tmp_path / "x", data)
    assert (tmp_path / "x").read_bytes() == b"first"
    write(tmp_path / "x", b"third")
    assert len(json.loads((tmp_path / LEDGER).read_text())["files"]["x"]["digests"]) == 2


def test_an_input_is_refused_by_any_of_its_names(tmp_path):
    write(tmp_path / "x", b"first")
    os.link(tmp_path / "x", tmp_path / "hard")
    (tmp_path / "soft").symlink_to(tmp_path / "x")
    for name in ("x", "hard", "soft"):
        with pytest.raises(OutputError, match="this command reads it"):
            check_outputs("tool", {"--out": tmp_path / name}, inputs=[tmp_path / "x", tmp_path / "gone"])


@pytest.mark.parametrize("what", [RUN, CLEAN_FOLDER])
def test_what_is_in_a_run_or_a_clean_folder_stays_unless_it_is_the_commands_own(tmp_path, what):
    marks = {
        RUN: ("run.json", ("classes", "finished", "identity")),
        CLEAN_FOLDER: ("cleaning.json", ("rate_hz", "remove_silence", "curated", "noisy")),
    }
    name, keys = marks[what]
    write(tmp_path / "home" / "deep" / "x", b"first")
    (tmp_path / "home" / name).write_text("{}")
    write(tmp_path / "home" / "deep" / "x", b"second")  # not a mark without its keys
    (tmp_path / "home" / name).write_text(json.dumps(dict.fromkeys(keys)))
    assert is_marked(tmp_path / "home", what)
    assert home_of(tmp_path / "home" / "deep" / "x") == (tmp_path / "home", what)
    with pytest.raises(OutputError, match=f"belongs to the {what}"):
        write(tmp_path / "home" / "deep" / "x", b"third")
    write(tmp_path / "home" / "deep" / "x", b"third", own=tmp_path / "home")
    write(tmp_path / "home" / "new", b"a new file harms nobody")


def test_an_empty_file_holds_nothing_to_lose(tmp_path):
    (tmp_path / "x").touch()  # as mktemp makes it
    write(tmp_path / "x", b"first")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path.mkdir(), "received the folder"),
        (lambda path: path.symlink_to(path), "expected a file to write"),
        (lambda path: None, "is --out, too"),
    ],
)
def test_places_that_cannot_be_written(tmp_path, make, message):
    make(tmp_path / "x")
    with pytest.raises(OutputError, match=message):
        check_outputs("tool", {"--out": tmp_path / "x", "--plot": tmp_path / "x"})


def test_a_file_is_not_a_folder_to_write_into(tmp_path):
    (tmp_path / "x").touch()
    with pytest.raises(OutputError, match="not a folder"):
        check_outputs("tool", {"--out": tmp_path / "x" / "y"})


def test_devices_are_streams_and_files_are_not(tmp_path):
    assert is_stream(Path(os.devnull))
    write(Path(os.devnull), b"gone")
    (tmp_path / "x").touch()
    assert not is_stream(tmp_path / "x")
    assert not is_stream(tmp_path / "none")


def test_only_recorded_outputs_are_removed(tmp_path):
    write(tmp_path / "x", b"ours")
    (tmp_path / "y").write_bytes(b"theirs")
    for name in ("x", "y", "none"):
        remove_output(tmp_path / name, "tool --out")
    assert [path.name for path in tmp_path.iterdir() if path.name != LEDGER] == ["y"]


def test_outside_a_claim_nothing_is_recorded(tmp_path):
    write_atomic(tmp_path / "x", b"part of a run")
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_a_file_appears_when_it_is_whole_and_not_at_all_when_it_fails(tmp_path):
    def failing() -> None:
        with claimed("tool", {"--out": tmp_path / "x"}), atomic_file(tmp_path / "x") as file:
            file.write("half")
            assert not (tmp_path / "x").exists()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        failing()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("existing", [b"edited meanwhile", None])
def test_a_file_that_appears_or_changes_while_the_command_runs_stays(tmp_path, existing):
    if existing:
        write(tmp_path / "x", b"first")
    with claimed("tool", {"--out": tmp_path / "x"}):
        (tmp_path / "x").write_bytes(existing or b"new meanwhile")
        with pytest.raises(OutputError, match="made or edited while the command ran"):
            write_atomic(tmp_path / "x", b"second")
    assert (tmp_path / "x").read_bytes() == (existing or b"new meanwhile")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        {LEDGER} & set(os.listdir(tmp_path)) | {"x"}
    )


def test_a_link_that_leads_elsewhere_meanwhile_is_not_followed(tmp_path):
    (tmp_path / "precious").write_bytes(b"mine")
    (tmp_path / "link").symlink_to(tmp_path / "new")
    with claimed("tool", {"--out": tmp_path / "link"}):
        (tmp_path / "link").unlink()
        (tmp_path / "link").symlink_to(tmp_path / "precious")
        with pytest.raises(OutputError, match="leads to another file"):
            write_atomic(tmp_path / "link", b"second")
    assert (tmp_path / "precious").read_bytes() == b"mine"


def test_files_of_our_own_folders_are_no_links(tmp_path):
    (tmp_path / "precious").write_bytes(b"mine")
    (tmp_path / "history.csv").symlink_to(tmp_path / "precious")
    with pytest.raises(OutputError, match="remove the link"):
        write_atomic(tmp_path / "history.csv", b"ours")
    assert (tmp_path / "precious").read_bytes() == b"mine"


def test_in_its_own_folder_a_command_replaces_what_is_older_than_the_record_and_only_that(tmp_path):
    (tmp_path / "report.html").write_bytes(b"by an older version")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "mine").write_bytes(b"mine")
    (tmp_path / "link").symlink_to(tmp_path / "outside")
    own = tmp_path / "run"
    own.mkdir()
    (own / "old").write_bytes(b"by an older version")
    (own / "link").symlink_to(tmp_path / "outside" / "mine")
    with pytest.raises(OutputError, match="would be lost"):
        write(own / "link", b"new", own=own)
    write(own / "old", b"new", own=own)
    (own / "old").write_bytes(b"edited")
    with pytest.raises(OutputError, match="would be lost"):
        write(own / "old", b"newer", own=own)


def test_redirected_output_is_written_to_by_its_descriptor(tmp_path):
    with (tmp_path / "log").open("wb") as file:
        file.write(b"before ")
        file.flush()
        path = Path(f"/dev/fd/{file.fileno()}")
        write(path, b"after")
    assert (tmp_path / "log").read_bytes() == b"before after"
    assert [path.name for path in tmp_path.iterdir()] == ["log"]
