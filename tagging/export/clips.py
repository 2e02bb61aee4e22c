"""The clips that an export is compared on: those that validated the run, and awkward ones."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from foundation.errors import UserError
from preprocessing.folder import HEADER_BYTES
from tagging.datasets.cleaned import with_clean_audio
from tagging.export.graph import Graph
from tagging.inference.published import PublishedRun
from tagging.pipeline.blocks import cut_windows
from tagging.pipeline.pieces import AudioWindows, FeatureSequences, Pieces, audio_windows, feature_sequences
from tagging.report.material import read_material
from tagging.tagger.sequences import cut_clips

_MOST = 200  # clips, evenly spaced
_SHORT_S = 0.1


@dataclass(frozen=True)
class Clips:
    """Clips as networks see them.

    Attributes:
        names: of the clips.
        inputs: of each clip (inputs, ...), as they are stored: int16 windows, or float32 pieces of features.
        targets: (clips, classes); None: awkward clips, which have no answers.
        note: why there are none.
    """

    names: tuple[str, ...]
    inputs: tuple[np.ndarray, ...]
    targets: np.ndarray | None = None
    note: str = ""


def pieces_of(graph: Graph) -> Pieces:
    """How clips become inputs of the graph."""
    network = graph.networks[0]
    config = network.run.config
    if not graph.takes_audio:
        return feature_sequences(config.sequence, graph.shape[-1])
    window_s = graph.shape[0] / config.cleaning.rate_hz
    hop_s = config.window.hop_s * window_s / config.window.window_s
    return audio_windows(replace(config.window, window_s=window_s, hop_s=hop_s), config.cleaning.rate_hz)


def own_clips(graph: Graph) -> Clips:
    """The clips that validated the (first) run, with their answers; none where they cannot be had."""
    member, run = graph.ensemble.members[0], graph.ensemble.runs[0]
    if isinstance(run, PublishedRun):
        return Clips((), (), note="a published network: it has no clips of its own")
    try:
        material = read_material(member.path, "")
        if material.evaluation is None:
            return Clips((), (), note=" ".join(material.notes))
        found = material.evaluation.clips
        chosen = found.iloc[np.unique(np.linspace(0, len(found) - 1, min(_MOST, len(found))).astype(int))]
        usable, _ = with_clean_audio(chosen, Path(run.config.clean_dir), run.config.cleaning)
        assert material.dataset is not None  # noqa: S101  an evaluation has one
        inputs = tuple(_inputs(graph, Path(path)) for path in usable["path"])
        return Clips(tuple(usable["fname"]), inputs, material.dataset.targets(usable))
    except (UserError, OSError) as error:
        return Clips((), (), note=str(error))


def _inputs(graph: Graph, path: Path) -> np.ndarray:
    """A file of a clean folder as the networks see it."""
    pieces = pieces_of(graph)
    if isinstance(pieces, AudioWindows):
        clip = np.fromfile(path, "<i2", offset=HEADER_BYTES)
        return np.stack([window for _, _, window in cut_windows([clip], pieces)])
    assert isinstance(pieces, FeatureSequences)  # noqa: S101  for the type checker
    clip = np.load(path, allow_pickle=False)[None]
    return np.stack([_padded(piece, graph.shape) for piece in cut_clips(pieces, clip)])


def _padded(piece: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Features (steps, bands) with NaN behind them, which networks know as padding."""
    return np.pad(piece, ((0, shape[0] - len(piece)), (0, 0)), constant_values=np.nan)


def awkward_clips(graph: Graph) -> Clips:
    """One input each of what models are not trained on."""
    is_fixed = graph.networks[0].run.config.sequence.fixed
    made = _sounds(graph) if graph.takes_audio else _features(graph.shape, is_fixed=is_fixed)
    return Clips(tuple(made), tuple(each[None] for each in made.values()))


def _sounds(graph: Graph) -> dict[str, np.ndarray]:
    """int16 windows."""
    samples, rate_hz = graph.shape[0], graph.ensemble.runs[0].config.cleaning.rate_hz
    rng, time_s = np.random.default_rng(0), np.arange(samples) / rate_hz
    sweep = np.sin(2 * np.pi * (20 + rate_hz / 4 * time_s / time_s[-1]) * time_s)
    short = np.sin(2 * np.pi * 440 * time_s[: max(1, round(_SHORT_S * rate_hz))])
    click = np.zeros(samples)
    click[samples // 2] = 1.0
    waves = {
        "silence": np.zeros(samples),
        "one click": click,
        "full scale, square": np.sign(np.sin(2 * np.pi * 220.5 * time_s + 0.1)),
        "full scale, sweep": sweep,
        "full scale, noise": rng.normal(0, 1, samples),
        "constant": np.ones(samples),
        "faint noise": rng.normal(0, 3e-5, samples),
        "loud, then faint": np.where(time_s < time_s[-1] / 2, sweep, 1e-4 * sweep),
    }
    found = {
        name: np.clip(np.rint(wave * 32_768), -32_768, 32_767).astype(np.int16)
        for name, wave in waves.items()
    }
    pieces = pieces_of(graph)
    assert isinstance(pieces, AudioWindows)  # noqa: S101  for the type checker
    clip = np.rint(short * 16_384).astype(np.int16)
    (*_, (_, _, window)) = cut_windows([clip], pieces)
    return {**found, f"short ({_SHORT_S:g} s)": window[:samples]}


def _features(shape: tuple[int, ...], *, is_fixed: bool) -> dict[str, np.ndarray]:
    """float32 pieces, one of them with padding where that can be."""
    rng = np.random.default_rng(0)
    found = {
        "zeros": np.zeros(shape),
        "ones": np.ones(shape),
        "noise": rng.normal(0, 1, shape),
        "large": rng.normal(0, 100, shape),
    }
    if not is_fixed:
        found["short"] = np.where(np.arange(shape[0])[:, None] < shape[0] // 3, found["noise"], np.nan)
    return {name: values.astype(np.float32) for name, values in found.items()}
