"""Some clips before and after cleaning, as plots and audio, to check silence rules and features."""

import io
import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from foundation.claims import claimed
from foundation.files import write_atomic
from preprocessing.chain import CleanStream
from preprocessing.errors import DecodeError
from preprocessing.feature_settings import STORED
from preprocessing.features import compute_features
from preprocessing.plan import places
from preprocessing.preview_features import blocks, draw_features
from preprocessing.rows import ClipTask
from preprocessing.settings import CleaningSettings, SilenceRule, rule_for
from preprocessing.sound_files import FileSound
from preprocessing.stored import as_steps, read_stored
from preprocessing.stream import PcmStream
from preprocessing.wav import write_wav

PLOT, BEFORE, AFTER = ".png", "_before.wav", "_after.wav"  # endings of the files of a clip
COLUMNS = 1600  # points drawn across a waveform, whatever its length
LEVEL_WINDOW_S = 0.01
FLOOR_DBFS = -90.0
Titles = dict[tuple[str, str], str]
"""Split and name of each clip -> what its plot is called: both, and its labels."""
WAVE, KEPT, LEVEL = "#33557a", "#bfe3c0", "#d9822b"


def write_preview(
    clips: pd.DataFrame, settings: CleaningSettings, out_dir: Path | str, n: int
) -> tuple[list[Path], str]:
    """Writes a plot and two WAV files (before, after; both at the clean rate) of `n` clips.

    Features are plotted below the audio they are computed from; for stored ones there is only the plot.
    The choice is the same every time: spread over the splits and, in each, over the table. Unusable clips
    are skipped.

    Args:
        clips: columns `fname`, `path`, `split`; of stored features also `row` and `key`; `labels`, if known, are in
            the titles of the plots.

    Returns:
        The plots; and one line saying why they are fewer than `n`, or "".
    """
    chosen = {Path(out_dir, _stem(number, clip)): clip for number, clip in enumerate(_choose(clips, n))}
    titles = _titles(clips)
    files = [_with_ending(stem, ending) for stem in chosen for ending in (PLOT, BEFORE, AFTER)]
    inputs = list(dict.fromkeys(map(Path, clips["path"])))
    with claimed("preprocess.py", {f"--preview {file.name}": file for file in files}, inputs):
        plots, unusable = _write(chosen, settings, titles)
    return plots, _shortfall(len(plots), n, len(clips), unusable)


def _write(
    chosen: dict[Path, ClipTask], settings: CleaningSettings, titles: Titles
) -> tuple[list[Path], list[str]]:
    """The plots of the clips that can be used, and why others cannot."""
    plots: list[Path] = []
    unusable: list[str] = []
    show = _show_stored if settings.features.name == STORED else _show_audio
    for stem, clip in chosen.items():
        try:
            figure = show(clip, titles[clip.split, clip.fname], settings, stem)
        except DecodeError as error:
            unusable.append(f"{clip.split}/{clip.fname} ({error})")
            continue
        plots.append(_with_ending(stem, PLOT))
        _save(figure, plots[-1])
    return plots, unusable


def _stem(number: int, clip: ClipTask) -> str:
    name = re.sub(r"[^A-Za-z0-9_.-]+", "_", f"{clip.split}_{clip.fname}")
    return f"{number:03d}_{name[:80]}"


def _with_ending(stem: Path, ending: str) -> Path:
    return stem.with_name(stem.name + ending)


def _titles(clips: pd.DataFrame) -> Titles:
    labels = clips["labels"] if "labels" in clips else [()] * len(clips)
    return {
        (split, fname): f"{split}/{fname}" + (f" ({', '.join(names)})" if names else "")
        for split, fname, names in zip(clips["split"], clips["fname"], labels, strict=True)
    }


def _show_audio(clip: ClipTask, title: str, settings: CleaningSettings, stem: Path) -> Figure:
    """The plot of a clip; writes its audio next to it."""
    stream = PcmStream(FileSound(clip.source), settings.rate_hz)
    before, after = np.concatenate([*stream]), CleanStream(FileSound(clip.source), settings, clip.split)
    figure = _draw(title, before, after, rule_for(settings.rules_for(clip.split), stream.seconds), settings)
    write_wav(_with_ending(stem, BEFORE), [before], len(before), settings.rate_hz)
    write_wav(_with_ending(stem, AFTER), after, len(after), settings.rate_hz)
    return figure


def _show_stored(clip: ClipTask, title: str, settings: CleaningSettings, _stem: Path) -> Figure:
    features = as_steps(read_stored(clip.source, clip.row, clip.key), settings.features)
    figure = Figure(figsize=(11, 4), layout="constrained")
    axes = figure.subplots(1, 1)
    draw_features(figure, [axes], features, settings.features)
    axes.set_title(f"{title}: {axes.get_title()}", parse_math=False)
    return figure


def _shortfall(made: int, wanted: int, clips: int, unusable: list[str]) -> str:
    few = [f"the data set has {clips} clips"] if clips < wanted else []
    bad = [f"cannot be used: {', '.join(unusable)}"] if unusable else []
    return f"{made} of {wanted} previews: {'; '.join(few + bad)}" if made < wanted else ""


def _choose(clips: pd.DataFrame, n: int) -> list[ClipTask]:
    """`n` clips: the splits in turn, each from clips spread evenly over its rows. Their target is their source."""
    ranked = []
    for split, part in clips.groupby("split", sort=True):
        rows = np.unique(np.linspace(0, len(part) - 1, min(n, len(part))).round().astype(int))
        chosen = part.iloc[rows]
        columns = zip(chosen["fname"], map(Path, chosen["path"]), places(chosen), strict=True)
        ranked += [
            (turn, ClipTask(str(split), fname, path, path, *place))
            for turn, (fname, path, place) in enumerate(columns)
        ]
    ranked.sort(key=lambda item: (item[0], item[1].split))
    return [task for _, task in ranked[:n]]


def _draw(
    title: str, before: np.ndarray, after: CleanStream, rule: SilenceRule, settings: CleaningSettings
) -> Figure:
    rate_hz = settings.rate_hz
    extra = len(blocks(settings.features)) if settings.features.name else 0
    figure = Figure(figsize=(11, 6 + 3 * extra), layout="constrained")
    top, bottom, *rest = figure.subplots(2 + extra, 1)
    bottom.sharex(top)
    for start, end in after.kept:
        top.axvspan(start / rate_hz, end / rate_hz, color=KEPT, alpha=0.6, lw=0, label="_kept")
    _draw_clip(top, before, rate_hz, rule.threshold_dbfs)
    pcm = after.pcm()
    _draw_clip(bottom, pcm, rate_hz, rule.threshold_dbfs)
    note = f" ({after.reason}: kept whole)" if after.reason else ""
    top.set_title(f"{title}: {len(before) / rate_hz:.2f} s before, kept ranges shaded", parse_math=False)
    bottom.set_title(f"{len(pcm) / rate_hz:.2f} s after{note}")
    bottom.set_xlabel("time (s)")
    top.set_xlim(0, len(before) / rate_hz)
    if extra:
        features, _ = compute_features(pcm, rate_hz, settings.features)
        draw_features(figure, rest, features, settings.features)
    return figure


def _draw_clip(axes: Axes, pcm: np.ndarray, rate_hz: int, threshold_dbfs: float) -> None:
    """Waveform (left axis) and level with the rule's threshold (right axis) over seconds."""
    times, low, high = _envelope(pcm, rate_hz)
    peak = max(float(np.max(np.abs([low, high]), initial=0.0)), 1e-3)
    axes.fill_between(times, low, high, color=WAVE, lw=0.5)
    axes.set(ylabel="amplitude (full scale 1)", ylim=(-1.1 * peak, 1.1 * peak))
    levels = axes.twinx()
    levels.plot(*_level_dbfs(pcm, rate_hz), color=LEVEL, lw=0.9)
    levels.axhline(threshold_dbfs, color=LEVEL, ls="--", lw=0.9)
    levels.set(ylabel=f"level (dBFS), threshold {threshold_dbfs:g}", ylim=(FLOOR_DBFS, 0))
    levels.yaxis.label.set_color(LEVEL)


def _envelope(pcm: np.ndarray, rate_hz: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times in seconds, and the lowest and highest sample from each to the next: long clips draw as fast."""
    starts = np.unique(np.linspace(0, len(pcm), COLUMNS, endpoint=False).astype(int))
    wave = pcm / 32768.0
    return starts / rate_hz, np.minimum.reduceat(wave, starts), np.maximum.reduceat(wave, starts)


def _level_dbfs(pcm: np.ndarray, rate_hz: int) -> tuple[np.ndarray, np.ndarray]:
    starts = np.arange(0, len(pcm), max(round(LEVEL_WINDOW_S * rate_hz), 1))
    power = np.add.reduceat((pcm / 32768.0) ** 2, starts) / np.diff(starts, append=len(pcm))
    return starts / rate_hz, np.maximum(10 * np.log10(np.maximum(power, 1e-12)), FLOOR_DBFS)


def _save(figure: Figure, path: Path) -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", message="Glyph .* missing"
        )  # letters the font lacks are drawn as boxes
        picture = io.BytesIO()
        FigureCanvasAgg(figure).print_png(picture)
    write_atomic(path, picture.getvalue())
