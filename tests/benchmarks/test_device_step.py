"""`benchmarks.device_step`: a row for the steps alone and for each place of images, each next to the first."""

import json

import keras

from benchmarks import device_step


def test_rows_are_ratios_to_the_steps_alone(tmp_path, capsys, eagerly):
    file = tmp_path / "rows.json"
    words = ["--clips", "8", "--batch", "4", "--jobs", "2", "--rounds", "2", "--augment", "all"]
    assert device_step.main([*words, "--json", str(file)]) == 0
    rows = json.loads(file.read_text())["rows"]
    assert [row["images"] for row in rows] == ["steps alone", "host", "device"]
    assert [rows[0]["ratio"], rows[0]["augment"], rows[2]["augment"]] == [1.0, "none", "all"]
    assert all(row["images_per_s"] > 0 < row["ratio"] for row in rows)
    assert keras.config.dtype_policy().name == "float32"
    assert len(capsys.readouterr().out.splitlines()) == 2 + len(rows)
