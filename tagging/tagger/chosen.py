"""Which tags and segments the options of `tag` choose."""

import argparse
from math import inf

from tagging.inference.results import Segment, Tags, Timeline
from tagging.tagger.arguments import OWN
from tagging.tagger.formats import Record

TOP = 5  # tags of a clip; with a threshold, and of regression, all


def chosen_tags(args: argparse.Namespace, tags: Tags) -> list[tuple[str, float]]:
    """The likeliest tags, those that reach the threshold; of regression all values."""
    if args.threshold == OWN:
        return tags.present()[: args.top]
    least = -inf if args.threshold is None else args.threshold
    limit = TOP if args.threshold is None and tags.task != "regression" else len(tags.names)
    return [(label, score) for label, score in tags.top(args.top or limit) if score >= least]


def chosen_segments(args: argparse.Namespace, timeline: Timeline) -> list[Segment] | None:
    """None of regression, whose values have none."""
    if timeline.task == "regression":
        return None
    threshold = None if args.threshold == OWN else args.threshold
    return timeline.segments(threshold, args.min_length_s or 0.0, args.max_gap_s or 0.0)


def record_of(args: argparse.Namespace, name: str, result: Tags | Timeline, warning: str) -> Record:
    """What is written for a file."""
    if isinstance(result, Tags):
        return Record(name, tags=chosen_tags(args, result), warning=warning, silent=result.silent)
    silent = bool(result.is_silent.all())
    segments = chosen_segments(args, result)
    return Record(name, timeline=result, segments=segments, warning=warning, silent=silent)
