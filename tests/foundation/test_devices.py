"""What `--devices` names, and the environment of a process that sees them alone."""

import os

import pytest

from foundation.devices import environment_of, read_devices, see_only


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", ("gpu:0",)),
        ("1, 0", ("gpu:1", "gpu:0")),
        ("gpu:3", ("gpu:3",)),
        ("cpu:0,CPU:1", ("cpu:0", "cpu:1")),
    ],
)
def test_devices_are_read(text, expected):
    assert read_devices(text) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "received nothing"),
        ("0,", "received nothing"),
        ("tpu:0", "received tpu:0"),
        ("-1", "received -1"),
        ("0,gpu:0", "each device once"),
        ("0,cpu:0", "one kind"),
    ],
)
def test_other_lists_are_refused(text, words):
    with pytest.raises(ValueError, match=words):
        read_devices(text)


@pytest.mark.parametrize(
    ("visible", "devices", "expected"),
    [
        (None, ("gpu:1", "gpu:3"), "1,3"),
        ("4,GPU-8,6", ("gpu:1",), "GPU-8"),
        ("4,5", ("cpu:0",), "-1"),
    ],
)
def test_gpus_are_numbered_among_those_that_are_visible(monkeypatch, visible, devices, expected):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    before = dict(os.environ)
    with environment_of(devices):
        assert os.environ["CUDA_VISIBLE_DEVICES"] == expected
    assert dict(os.environ) == before


def test_jax_splits_the_cpu_where_several_shares_are_named(monkeypatch):
    monkeypatch.setattr(os, "environ", {"XLA_FLAGS": "--a"})
    see_only(("cpu:0",))
    assert os.environ["XLA_FLAGS"] == "--a"
    see_only(("cpu:0", "cpu:1"))
    assert os.environ["XLA_FLAGS"] == "--a --xla_force_host_platform_device_count=2"
    assert os.environ["JAX_PLATFORMS"] == "cpu"
