"""A front end on a few rows at a time makes the images that it makes of all at once."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tagging.frontend.log_mel import LogMel
from tagging.frontend.mn_log_mel import MnLogMel
from tagging.frontend.parts import in_groups as module
from tagging.frontend.parts.in_groups import in_groups

SAMPLES = 8000


@pytest.fixture
def small_groups(monkeypatch):
    """Three rows a group."""
    monkeypatch.setattr(module, "_GROUP_SAMPLES", 3 * SAMPLES + 1)


def noise(rows: int) -> tf.Tensor:
    return tf.constant(np.random.default_rng(rows).normal(0, 0.1, (rows, SAMPLES)), tf.float32)


@pytest.mark.parametrize("rows", [1, 3, 4, 7])
def test_images_do_not_depend_on_the_groups(small_groups, rows):
    frontend, waves = LogMel(), noise(rows)
    np.testing.assert_allclose(in_groups(frontend, waves), frontend(waves), atol=1e-3)


def test_each_row_keeps_its_own_edges(small_groups):
    frontend, waves = MnLogMel(), noise(5)
    edges = tf.constant([[0.0, 15_000 - 500 * row] for row in range(5)])
    np.testing.assert_allclose(in_groups(frontend, waves, edges), frontend(waves, edges), atol=1e-4)


def rows_seen(frontend: keras.Layer, monkeypatch) -> list[int]:
    """The rows of each later call of a front end that runs eagerly."""
    seen, call = [], type(frontend).call

    def watched(self, waveforms, *rest):
        seen.append(int(tf.shape(waveforms)[0]))
        return call(self, waveforms, *rest)

    monkeypatch.setattr(type(frontend), "call", watched)
    return seen


def test_groups_are_as_large_as_they_may_be(small_groups, monkeypatch):
    frontend = LogMel()
    seen = rows_seen(frontend, monkeypatch)
    in_groups(frontend, noise(7))
    assert seen == [3, 3, 1]
