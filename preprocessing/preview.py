"""Some clips before and after cleaning, as plots and audio, to check silence rules and features."""

import io
import re
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from foundation.claims import claimed
from foundation.files import write_atomic
from foundation.words import counted
from preprocessing.chain import CleanStream
from preprocessing.errors import DecodeError
from preprocessing.feature_settings import STORED
from preprocessing.plan import places
from preprocessing.preview_features import draw_features, stored_blocks
from preprocessing.preview_sound import draw_sound
from preprocessing.rows import ClipTask
from preprocessing.settings import CleaningSettings, rule_for
from preprocessing.sound_files import FileSound
from preprocessing.stored import as_steps, read_stored
from preprocessing.stream import PcmStream
from preprocessing.wav import write_wav

PLOT, BEFORE, AFTER = ".png", "_before.wav", "_after.wav"  # endings of the files of a clip


class _Shown(NamedTuple):
    """A clip that is shown: the path of its files without their endings, and its caption."""

    clip: ClipTask
    stem: Path
    caption: str

    @property
    def title(self) -> str:
        """`train/a.wav (Rock)`."""
        return f"{self.clip.split}/{self.clip.fname}" + f" ({self.caption})" * bool(self.caption)


def write_preview(
    clips: pd.DataFrame,
    settings: CleaningSettings,
    out_dir: Path | str,
    n: int,
    *,
    seed: int = 0,
    captions: Sequence[str] = (),
    parts: Mapping[str, int] = MappingProxyType({}),
) -> tuple[list[Path], str]:
    """Writes a plot and two WAV files (before, after; both at the clean rate) of `n` clips.

    Features are plotted below the audio they are computed from; for stored ones there is only the plot.
    The choice is random, the same for the same seed, and has clips of all splits and of different classes, as far as
    there are such and `n` is large enough. Unusable clips are skipped.

    Args:
        clips: columns `fname`, `path`, `split`; of stored features also `row` and `key`.
        settings: how clips are cleaned.
        out_dir: folder of the files.
        n: number of clips.
        seed: of the choice.
        captions: what stands behind the name of each clip, such as its labels; or nothing. Clips of the same class are
            those of the same caption.
        parts: of stored features, as in `stored_blocks`.

    Returns:
        The plots; and one line saying why they are fewer than `n`, or "".
    """
    drawn = _choose(clips, captions or [""] * len(clips), n, seed)
    chosen = [
        _Shown(clip, Path(out_dir, _stem(number, clip)), caption)
        for number, (clip, caption) in enumerate(drawn)
    ]
    files = [_with_ending(each.stem, ending) for each in chosen for ending in (PLOT, BEFORE, AFTER)]
    inputs = list(dict.fromkeys(map(Path, clips["path"])))
    with claimed("preprocess.py", {f"--preview {file.name}": file for file in files}, inputs):
        plots, unusable = _write(chosen, settings, parts)
    return plots, _shortfall(len(plots), n, len(clips), unusable)


def _write(
    chosen: Sequence[_Shown], settings: CleaningSettings, parts: Mapping[str, int]
) -> tuple[list[Path], list[str]]:
    """The plots of the clips that can be used, and why others cannot."""
    plots: list[Path] = []
    unusable: list[str] = []
    is_stored = settings.features.name == STORED
    for each in chosen:
        try:
            figure = _show_stored(each, settings, parts) if is_stored else _show_audio(each, settings)
        except DecodeError as error:
            unusable.append(f"{each.clip.split}/{each.clip.fname} ({error})")
            continue
        plots.append(_with_ending(each.stem, PLOT))
        _save(figure, plots[-1])
    return plots, unusable


def _stem(number: int, clip: ClipTask) -> str:
    name = re.sub(r"[^A-Za-z0-9_.-]+", "_", f"{clip.split}_{clip.fname}")
    return f"{number:03d}_{name[:80]}"


def _with_ending(stem: Path, ending: str) -> Path:
    return stem.with_name(stem.name + ending)


def _show_audio(shown: _Shown, settings: CleaningSettings) -> Figure:
    """The plot of a clip; writes its audio next to it."""
    clip, stem = shown.clip, shown.stem
    stream = PcmStream(FileSound(clip.source), settings.rate_hz)
    before, after = np.concatenate([*stream]), CleanStream(FileSound(clip.source), settings, clip.split)
    rule = rule_for(settings.rules_for(clip.split), stream.seconds)
    figure = draw_sound(shown.title, before, after, rule, settings)
    write_wav(_with_ending(stem, BEFORE), [before], len(before), settings.rate_hz)
    write_wav(_with_ending(stem, AFTER), after, len(after), settings.rate_hz)
    return figure


def _show_stored(shown: _Shown, settings: CleaningSettings, parts: Mapping[str, int]) -> Figure:
    clip = shown.clip
    features = as_steps(read_stored(clip.source, clip.row, clip.key), settings.features)
    blocks = stored_blocks(parts, features.shape[1], settings.features)
    figure = Figure(figsize=(11, 1 + 3 * len(blocks)), layout="constrained")
    axes = list(figure.subplots(len(blocks), 1, squeeze=False)[:, 0])
    draw_features(figure, axes, features, blocks)
    axes[0].set_title(f"{shown.title}: {axes[0].get_title()}", parse_math=False)
    return figure


def _shortfall(made: int, wanted: int, clips: int, unusable: list[str]) -> str:
    few = [f"the data set has {counted(clips, 'clip')}"] if clips < wanted else []
    bad = [f"cannot be used: {', '.join(unusable)}"] if unusable else []
    return f"{made} of {wanted} previews: {'; '.join(few + bad)}" if made < wanted else ""


def _choose(clips: pd.DataFrame, captions: Sequence[str], n: int, seed: int) -> list[tuple[ClipTask, str]]:
    """`n` random clips with their captions, in the table's order. The target of a clip is its source.

    Splits take turns, and a clip is drawn whose caption is shown least so far, so that classes differ.
    """
    left: dict[str, list[int]] = {split: [] for split in sorted(set(clips["split"]))}
    for row in np.random.default_rng(seed).permutation(len(clips)):
        left[clips["split"].iloc[row]].append(int(row))
    shown, chosen = Counter[str](), list[int]()
    turns = cycle(left.values())
    while len(chosen) < min(n, len(clips)):
        if rows := next(turns):
            row = min(rows, key=lambda row: shown[captions[row]])  # the first of the least shown
            rows.remove(row)
            chosen.append(row)
            shown[captions[row]] += 1
    part = clips.iloc[sorted(chosen)]
    columns = zip(part["split"], part["fname"], map(Path, part["path"]), places(part), strict=True)
    tasks = [ClipTask(split, fname, path, path, *place) for split, fname, path, place in columns]
    return list(zip(tasks, (captions[row] for row in sorted(chosen)), strict=True))


def _save(figure: Figure, path: Path) -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", message="Glyph .* missing"
        )  # letters the font lacks are drawn as boxes
        picture = io.BytesIO()
        FigureCanvasAgg(figure).print_png(picture)
    write_atomic(path, picture.getvalue())
