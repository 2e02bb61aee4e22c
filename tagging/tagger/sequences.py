"""Files of features through a network: pieces of whole clips, or the clips of a file one after the other."""

from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from preprocessing.errors import DecodeError
from preprocessing.sound import Sound
from tagging.pipeline.pieces import FeatureSequences, feature_sequences
from tagging.runs.run import Run
from tagging.tagger.clips import clean_sound
from tagging.tagger.network import WindowNetwork
from tagging.tagger.row_options import check_seconds
from tagging.tagger.windows import batch_size

ROW_S = 1.0  # of a clip in a file of consecutive ones, unless told otherwise


def sequences_of(network: WindowNetwork, clips: np.ndarray) -> FeatureSequences:
    """How clips (clips, steps, bands) are cut for a network.

    Raises:
        DecodeError: they have another number of bands than the network takes.
    """
    bands = clips.shape[-1]
    if bands != network.shape[-1]:
        is_turned = clips.shape[1] == network.shape[-1]
        hint = "; the axes of clips are (clips, steps, bands): swap the last two" if is_turned else ""
        raise DecodeError(
            f"expected features of {network.shape[-1]} bands, as {network.run.path} takes them, received {bands}{hint}"
        )
    return feature_sequences(network.run.config.sequence, bands)


def cut_clips(pieces: FeatureSequences, clips: np.ndarray) -> Iterator[np.ndarray]:
    """All pieces of clips (clips, steps, bands), one clip after the other."""
    for clip in clips:
        filled, starts = pieces.starts(tf.constant(clip))
        for start in starts:
            yield pieces.cut(filled, start).numpy()


def clips_of(sound: Sound, run: Run) -> np.ndarray:
    """The features of a file, as a run on ready-made features takes them, (clips, steps, bands) float32.

    Raises:
        TaggerError, DecodeError: as `clean_sound`.
    """
    clips = clean_sound(sound, run.config.cleaning)
    assert isinstance(clips, np.ndarray)  # noqa: S101  for the type checker
    return clips


def outputs_of_clips(network: WindowNetwork, sound: Sound) -> tuple[np.ndarray, np.ndarray]:
    """What a network makes of each clip of a file: (clips, classes) logits and (clips, n) features, float32.

    A run whose clips are single steps takes a file of (clips, bands), too; one whose clips all have the same length
    takes a single clip of that length.

    Raises:
        TaggerError, DecodeError: as `clips_of`; a file with one clip of another length, or with clips that are
            longer than what the network takes at once.
    """
    clips = clips_of(sound, network.run)
    pieces = sequences_of(network, clips)
    if pieces.fixed and pieces.max_steps == len(clips) == 1:
        clips = clips.swapaxes(0, 1)
    n_clips, steps = clips.shape[:2]
    is_whole = pieces.fixed and steps == pieces.max_steps
    if steps > pieces.max_steps or (n_clips == 1 and not is_whole):
        single = f" or one of {pieces.max_steps} steps," if pieces.fixed else ""
        raise DecodeError(
            f"expected several clips of at most {pieces.max_steps} steps for a timeline, (clips, steps, bands),"
            f"{single} received {n_clips} of {steps} steps"
        )
    cut = np.stack(list(cut_clips(pieces, clips)))  # of one length, so that a batch needs no padding
    size = batch_size(pieces.max_steps * pieces.bands)
    found = [network(pieces, cut[first : first + size]) for first in range(0, len(cut), size)]
    logits, features = (np.concatenate(part) for part in zip(*found, strict=True))
    return logits, features


def spans_of_clips(n_clips: int, window_s: float | None, hop_s: float | None) -> np.ndarray:
    """(n_clips, 2) start and end of consecutive clips, in seconds.

    Args:
        n_clips: how many.
        window_s: length of a clip; None: 1 s.
        hop_s: from the start of one to that of the next; None: their length.

    Raises:
        TaggerError: seconds that are not above 0.
    """
    check_seconds(window_s=window_s, hop_s=hop_s)
    length_s = ROW_S if window_s is None else window_s
    step_s = length_s if hop_s is None else hop_s
    starts_s = step_s * np.arange(n_clips)
    return np.stack([starts_s, starts_s + length_s], axis=1)
