"""Files whose names are not text, or not of one line."""

import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from preprocessing.clean import clean_dataset
from preprocessing.errors import DecodeError
from preprocessing.manifest import read_rows, to_table
from preprocessing.settings import CleaningSettings
from preprocessing.sound_files import FileSound, decode
from preprocessing.summary import problems, warnings

pytestmark = pytest.mark.skipif(
    sys.platform in ("darwin", "win32"), reason="its file systems take no such names"
)


@pytest.fixture(params=["wav", "flac"])
def odd(request, tmp_path) -> Path:
    """A file that is called caf, the byte E9, and its ending."""
    sf.write(tmp_path / f"plain.{request.param}", np.zeros(800), 8_000)
    return (tmp_path / f"plain.{request.param}").rename(
        os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9." + request.param.encode())
    )


def test_such_a_file_is_decoded(odd):
    samples, rate_hz = decode(odd)
    assert (samples.shape, rate_hz) == ((800, 1), 8_000)
    sound = FileSound(odd)
    assert sum(len(block) for block, _ in sound.blocks()) == 800
    assert sound.warning == ""


def test_such_a_file_without_sound_is_refused_as_any(odd):
    odd.write_text("no sound")
    with pytest.raises(DecodeError, match="received a text file"):
        decode(odd)


def test_each_such_clip_is_cleaned_or_refused_and_the_others_are_cleaned(odd, tmp_path, table):
    """A carriage return, a name that is not UTF-8, one that is too long, a named pipe, a dead link."""
    icon, plain, pipe, link = (
        tmp_path / name for name in ("Icon\r.wav", "plain.wav", "pipe.wav", "link.wav")
    )
    for path in (icon, plain):
        shutil.copy(odd, path)
    os.mkfifo(pipe)
    link.symlink_to("nowhere")
    clips = table({"curated": [plain, icon, odd, pipe, link, tmp_path / ("n" * 131_073 + ".wav")]})
    for _ in range(2):  # the manifest is read again
        clean_dataset(clips, tmp_path / "clean", CleaningSettings(), progress=False)
        manifest = to_table(read_rows(tmp_path / "clean"))
        assert sorted(manifest["fname"]) == sorted(clips["fname"])
        usable = manifest[manifest["status"] == "ok"]
        assert sorted(usable["fname"]) == ["Icon\r.wav", "plain.wav"]
        assert "missing: curated/link.wav: No such file" in problems(manifest, tmp_path)
        reasons = dict(zip(manifest["fname"], manifest["reason"], strict=True))
        assert reasons["pipe.wav"] == "expected a file, received a named pipe"
        assert reasons[odd.name] == "expected a file name in UTF-8, received other bytes: rename the file"


def test_on_a_terminal_names_are_one_short_line(tmp_path, table, write):
    name = "a\n\x1b[31mred\u202e" + "x" * 200 + ".wav"
    samples = np.stack([np.ones(16_000), -np.ones(16_000)], axis=1)
    clips = table({"curated": [write(name, samples), write("b.wav", samples[:, 0])]})
    clips.loc[len(clips)] = ["\r" * 200_000, tmp_path / "gone.wav", "curated"]
    manifest = clean_dataset(clips, tmp_path / "clean", CleaningSettings(), progress=False)
    (line,) = warnings(manifest).split("\n")
    assert line.startswith(r"warning: curated/a\n\x1b[31mred\u202exxx")
    assert line.endswith("opposite channels: heard channel 1 alone")
    for text in (line, *problems(manifest, "c").split("\n")):
        assert text.isprintable()
        assert len(text) < 2_000
