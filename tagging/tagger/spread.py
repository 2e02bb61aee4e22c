"""Who works on whole clips: threads of this process or a cluster, and what shards have left."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from foundation.cluster import Cluster
from foundation.settings import as_dict
from foundation.shards import Shard
from preprocessing.errors import DecodeError
from preprocessing.sound_files import FileSound
from submissions.shards import IDENTITY, Arrays, Shards
from tagging.runs.run import Run
from tagging.tagger.cluster import groups_on_cluster
from tagging.tagger.network import WindowNetwork
from tagging.tagger.whole_clips import ClipOutput, ClipOutputs, Found, found_of_groups, groups_of

KEY = "clips"  # of the arrays of a shard


@dataclass(frozen=True)
class Spread:
    """How clips are shared out.

    Attributes:
        jobs: groups of clips that threads work on at a time; groups do not depend on the cluster.
        cluster: works in place of threads.
        shards: what has been done.
    """

    jobs: int = 1
    cluster: Cluster | None = None
    shards: Shards | None = None


def outputs_of_each(
    networks: Sequence[WindowNetwork], sounds: Sequence[FileSound], spread: Spread
) -> Iterator[ClipOutputs | DecodeError]:
    """What each run makes of many clips, in their order, or what is wrong with one; they then have their warnings.

    Raises:
        ClusterError: a cluster that cannot do it.
        SubmissionError: shards of something else.
    """
    work = _work(networks, spread)
    if spread.shards is None or not spread.shards.found:
        of_groups = work(groups_of(sounds, spread.jobs))
    else:
        of_groups = _put_together(networks, sounds, spread, spread.shards, work)
    for sound, (outputs, warning) in zip(
        sounds, (each for group in of_groups for each in group), strict=True
    ):
        sound.warn(warning)
        yield outputs


def shard_outputs(
    networks: Sequence[WindowNetwork], sounds: Sequence[FileSound], spread: Spread, shard: Shard
) -> dict[str, Arrays]:
    """What `outputs_of_each` will find of a shard: of every n-th group of clips.

    Nothing is done again if the shard is among those of `spread`.
    """
    groups = list(groups_of(sounds, spread.jobs))
    identity = _identity([network.run for network in networks], groups)
    shards = spread.shards
    if shards and shards.has(shard, KEY, identity):
        return dict(shards.found[shard.number])
    found = [each for group in _work(networks, spread)(iter(shard.of(groups))) for each in group]
    return {KEY: {IDENTITY: np.array(identity), **_to_arrays(found, len(networks))}}


def _work(
    networks: Sequence[WindowNetwork], spread: Spread
) -> Callable[[Iterator[list[FileSound]]], Iterator[list[Found]]]:
    if spread.cluster:
        return partial(groups_on_cluster, spread.cluster, [network.run for network in networks])
    return partial(found_of_groups, networks, spread.jobs)


def _put_together(
    networks: Sequence[WindowNetwork],
    sounds: Sequence[FileSound],
    spread: Spread,
    shards: Shards,
    work: Callable[[Iterator[list[FileSound]]], Iterator[list[Found]]],
) -> Iterator[list[Found]]:
    """Group by group; those of shards that are not there are worked on."""
    groups = list(groups_of(sounds, spread.jobs))
    identity = _identity([network.run for network in networks], groups)
    taken = [shards.take(shard, KEY, identity) for shard in shards.every]
    there = [None if arrays is None else iter(_from_arrays(arrays, len(networks))) for arrays in taken]
    rest = work(group for number, group in enumerate(groups) if there[number % shards.count] is None)
    for number, group in enumerate(groups):
        found = there[number % shards.count]
        yield next(rest) if found is None else [next(found) for _ in group]


def _identity(runs: Sequence[Run], groups: Sequence[Sequence[FileSound]]) -> str:
    """Of all that outputs depend on."""
    of_runs = [[run.info.get("finished"), run.info.get("model_hash"), *_shaping(run)] for run in runs]
    of_groups = [[(str(sound.path), *sound.version) for sound in group] for group in groups]
    return hashlib.blake2b(json.dumps([of_runs, of_groups]).encode(), digest_size=16).hexdigest()


def _shaping(run: Run) -> list[Any]:
    config = run.config
    return [as_dict(part) for part in (config.model, config.window, config.sequence, config.cleaning)]


def _to_arrays(found: Sequence[Found], n_runs: int) -> Arrays:
    """Of clips in their order: `usable`, `texts` (reasons and warnings), and what each run makes of the usable."""
    outputs = [each for each, _ in found if not isinstance(each, DecodeError)]
    reasons = [str(each) if isinstance(each, DecodeError) else "" for each, _ in found]
    arrays: dict[str, np.ndarray] = {
        "usable": np.array([not isinstance(each, DecodeError) for each, _ in found], bool),
        "texts": np.array(json.dumps([reasons, [warning for _, warning in found]])),
    }
    for run in range(n_runs if outputs else 0):
        of_run = [each[run] for each in outputs]
        arrays[f"logits{run}"] = np.concatenate([output.logits for output in of_run])
        arrays[f"features{run}"] = np.stack([output.features for output in of_run])
        arrays[f"level_db{run}"] = np.array([output.level_db for output in of_run])
    return arrays


def _from_arrays(arrays: Arrays, n_runs: int) -> Iterator[Found]:
    row = 0
    for is_usable, reason, warning in zip(arrays["usable"], *json.loads(str(arrays["texts"])), strict=True):
        if not is_usable:
            yield DecodeError(reason), warning
            continue
        outputs = [
            ClipOutput(
                arrays[f"logits{run}"][[row]],
                arrays[f"features{run}"][row],
                float(arrays[f"level_db{run}"][row]),
            )
            for run in range(n_runs)
        ]
        yield outputs, warning
        row += 1
