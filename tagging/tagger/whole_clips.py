"""Whole clips through the networks of several runs: the one engine behind `predict.py --audio` and `tag`."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from foundation.workers import Workers
from preprocessing.errors import DecodeError
from preprocessing.settings import CleaningSettings
from preprocessing.sound import Sound
from preprocessing.sound_files import FileSound
from submissions.activations import mean_of_groups
from tagging.inference.alike import groups_by
from tagging.inference.windows import WindowLogits, average_windows
from tagging.tagger.clips import CleanClip, clean_sound
from tagging.tagger.network import WindowNetwork
from tagging.tagger.packing import Batch, Packer, reading

GROUP = 8  # clips that share batches, as a short clip does not fill one
GROUP_BYTES = 4_000_000  # of their files, at most: a long clip fills batches, and others would wait for it

Called = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Of the pieces of a batch: number of the clip, logits, features, level in dB."""


class ClipOutput(NamedTuple):
    """What one run makes of a clip.

    Attributes:
        logits: (1, classes) float32, of the mean over all windows; not calibrated.
        features: (n,) float32, the mean over all windows of what enters the last layer.
        level_db: RMS of the loudest window in dB of full scale; inf for features.
    """

    logits: np.ndarray
    features: np.ndarray
    level_db: float


ClipOutputs = list[ClipOutput]
"""What each run makes of a clip."""

Found = tuple[ClipOutputs | DecodeError, str]
"""The outputs of a clip, or what is wrong with it; and the warning of the file."""


def clip_outputs(networks: Sequence[WindowNetwork], sound: Sound, jobs: int) -> ClipOutputs:
    """What each run makes of a clip, cleaned and cut as the run's test clips are; `jobs` batches run at a time.

    Raises:
        DecodeError, CleanFolderError, TaggerError: as `clean_sound`.
    """
    with Workers(jobs) as calls:
        (found,) = _outputs(networks, calls, [sound])
    if isinstance(found, DecodeError):
        raise found
    return found


def found_of_groups(
    networks: Sequence[WindowNetwork], jobs: int, groups: Iterable[Sequence[FileSound]]
) -> Iterator[list[Found]]:
    """The same of the clips of each group, or what is wrong with one; `jobs` groups at a time."""
    # Calls end before clips, so that a long clip stops where nobody waits for it.
    with Workers(jobs) as clips, Workers(jobs) as calls:
        yield from clips.in_order(partial(_found, networks, calls), groups)


def found_of_group(networks: Sequence[WindowNetwork], sounds: Sequence[FileSound]) -> list[Found]:
    """The same of one group."""
    with Workers(1) as calls:
        return _found(networks, calls, sounds)


def groups_of(sounds: Sequence[FileSound], jobs: int) -> Iterator[list[FileSound]]:
    """Consecutive clips that share batches; every job gets some."""
    most, group, n_bytes = min(GROUP, -(-len(sounds) // jobs)), list[FileSound](), 0
    for sound in sounds:
        size, _ = sound.version
        if group and (len(group) == most or n_bytes + size > GROUP_BYTES):
            yield group
            group, n_bytes = [], 0
        group.append(sound)
        n_bytes += size
    if group:
        yield group


def _found(networks: Sequence[WindowNetwork], calls: Workers, sounds: Sequence[FileSound]) -> list[Found]:
    outputs = _outputs(networks, calls, sounds)
    return [(each, sound.warning) for each, sound in zip(outputs, sounds, strict=True)]


def _outputs(
    networks: Sequence[WindowNetwork], calls: Workers, sounds: Sequence[Sound]
) -> list[ClipOutputs | DecodeError]:
    """What the networks make of each clip of a group, or what is wrong with it."""
    lost: dict[int, DecodeError] = {}
    found: list[list[Called]] = [[] for _ in networks]
    alike = groups_by([network.sees for network in networks])

    def called(batch: Batch) -> list[tuple[int, Called]]:
        numbers = alike[batch.network]
        outputs = _called(batch, [networks[number] for number in numbers])
        return [
            (number, (batch.clips, *each, batch.levels_db))
            for number, each in zip(numbers, outputs, strict=True)
        ]

    seeing = [networks[numbers[0]] for numbers in alike]
    for outputs in calls.in_order(called, batches_of(seeing, sounds, lost)):
        for number, each in outputs:
            found[number].append(each)
    means = [_means(network, parts) for network, parts in zip(networks, found, strict=True)]
    return [lost.get(clip) or [of_clip[clip] for of_clip in means] for clip in range(len(sounds))]


def _called(batch: Batch, networks: Sequence[WindowNetwork]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Logits and features by each of the networks, which see the same images: these are made once."""
    first = networks[0]
    if len(networks) == 1:
        return [first(first.pieces, batch.pieces)]
    images = first.to_images(first.pieces.to_input(batch.pieces))
    return [network.of_images(images) for network in networks]


def batches_of(
    networks: Sequence[WindowNetwork], sounds: Sequence[Sound], lost: dict[int, DecodeError]
) -> Iterator[Batch]:
    """The pieces of all clips for all networks; what is wrong with a clip goes to `lost`, by its number."""
    packers = [Packer(number, network) for number, network in enumerate(networks)]
    for clip, sound in enumerate(sounds):
        try:
            cleaned = _cleaned(networks, sound)
            for packer, network in zip(packers, networks, strict=True):
                yield from packer.add(clip, cleaned[network.run.config.cleaning])
        except DecodeError as error:
            lost[clip] = error
    for packer in packers:
        yield from packer.rest()


def _cleaned(networks: Sequence[WindowNetwork], sound: Sound) -> dict[CleaningSettings, CleanClip]:
    """A clip as each kind of cleaning among the runs makes it."""
    cleanings = dict.fromkeys(network.run.config.cleaning for network in networks)
    with reading():
        return {cleaning: clean_sound(sound, cleaning) for cleaning in cleanings}


def _means(network: WindowNetwork, parts: Sequence[Called]) -> dict[int, ClipOutput]:
    """Of each clip by its number, over all its pieces."""
    if not parts:
        return {}
    clips, logits, features, levels_db = (np.concatenate(part) for part in zip(*parts, strict=True))
    run, numbers, starts = network.run, *np.unique(clips, return_index=True)
    windows = WindowLogits(clips, logits, np.empty(0))
    of_clips = average_windows(windows, int(numbers[-1]) + 1, run.config.window.average, run.kind.activation)
    feature_means = mean_of_groups(features.astype(np.float64), starts).astype(np.float32)
    loudest = np.maximum.reduceat(levels_db, starts)
    return {
        int(clip): ClipOutput(of_clips[[clip]], mean, float(level))
        for clip, mean, level in zip(numbers, feature_means, loudest, strict=True)
    }
