"""preprocess.py as a user types it: bad clips, previews, shards."""

import shutil
from pathlib import Path

import pytest
import soundfile as sf

import preprocess


def test_preprocess_reports_and_goes_on_after_bad_clips(tiny, tmp_path, capsys):
    shutil.copytree(tiny.root, tmp_path / "raw")
    noisy = sorted((tmp_path / "raw" / "train_noisy").iterdir())
    noisy[0].write_bytes(b"")
    noisy[1].write_text("no sound")
    noisy[2].unlink()
    shutil.copy(noisy[3], noisy[4])
    config = tiny.write_config(tmp_path)
    arguments = [
        "--config",
        str(config),
        "--jobs",
        "1",
        f"dataset.root={tmp_path / 'raw'}",
        f"clean_dir={tmp_path / 'c'}",
    ]
    assert preprocess.main(arguments) == 0
    done = capsys.readouterr()
    for path in noisy[:3]:
        assert path.name in done.err
    assert "duplicates" in done.out
    assert "1 of them in two splits" not in done.out
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "c").rglob("*.wav")}
    assert "3 of" in done.err.splitlines()[-1]
    assert done.err.splitlines()[-1].endswith(
        f"clips cannot be used; {tmp_path / 'c' / 'manifest.csv'} lists them all"
    )
    assert preprocess.main([*arguments, "--strict"]) == 1
    assert preprocess.main(arguments) == 0
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "c").rglob("*.wav")} == before
    assert preprocess.main([*arguments, "cleaning.min_kept_s=0.1"]) == 2
    assert "min_kept_s" in capsys.readouterr().err
    assert preprocess.main([*arguments, "cleaning.min_kept_s=0.1", "--force"]) == 0


def test_a_split_without_a_usable_clip_is_a_failure(tiny, tmp_path, capsys):
    shutil.copytree(tiny.root, tmp_path / "raw")
    for path in (tmp_path / "raw" / "test").iterdir():
        path.write_bytes(b"")
    arguments = [f"dataset.root={tmp_path / 'raw'}", f"clean_dir={tmp_path / 'c'}", "--jobs", "1"]
    assert preprocess.main(["--config", str(tiny.write_config(tmp_path)), *arguments]) == 1
    assert capsys.readouterr().err.splitlines()[-1].endswith("in split test")


def test_previews_lie_next_to_the_clean_folder_whatever_its_name(tiny, tmp_path, monkeypatch, capsys):
    config = ["--config", str(tiny.write_config(tmp_path))]
    (tmp_path / "here" / "below").mkdir(parents=True)
    for place, clean_dir in (("here", "."), ("here/below", ".."), ("here", "x/"), ("here", "./x")):
        monkeypatch.chdir(tmp_path / place)
        assert preprocess.main([*config, "--preview", "1", f"clean_dir={clean_dir}"]) == 0
        expected = tmp_path / ("here_preview" if clean_dir in (".", "..") else "here/x_preview")
        assert capsys.readouterr().out.splitlines() == [str(expected)]
        assert len(list(expected.glob("*.png"))) == 1
        shutil.rmtree(expected)
    with pytest.raises(SystemExit):
        preprocess.main([*config, "--preview", "0"])
    assert "expected a whole number of at least 1, received 0" in capsys.readouterr().err


def test_clean_audio_is_what_training_reads(tiny):
    path = next((tiny.clean / "curated").iterdir())
    info = sf.info(path)
    assert (info.samplerate, info.channels, info.subtype) == (16_000, 1, "PCM_16")


def test_shards_of_preprocess_make_the_manifest_of_one_command(tiny, tmp_path, capsys):
    def manifest(clean_dir: Path) -> list[str]:
        """Without the times of clean files."""
        return [line.rpartition(",")[0] for line in (clean_dir / "manifest.csv").read_text().splitlines()]

    command = ["--config", str(tiny.write_config(tmp_path)), f"clean_dir={tmp_path / 'clean'}", "--jobs", "1"]
    for shard in ("2/2", "1/2"):
        assert preprocess.main([*command, "--shard", shard]) == 0
    assert "shard 1/2 is done; once all are, the same command without --shard" in capsys.readouterr().out
    assert preprocess.main(command) == 0
    assert manifest(tmp_path / "clean") == manifest(tiny.clean)
    assert preprocess.main([*command, "--shard", "1/2", "--force"]) == 2
    assert "cannot be combined with --preview or --force" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        preprocess.main([*command, "--shard", "3/2"])
    assert "expected a shard i/n, such as 3/16" in capsys.readouterr().err
