"""Files whose names are no text: bytes that are no UTF-8."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from preprocessing.errors import DecodeError
from preprocessing.stream import FileSound, decode

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
