"""`python -m tagging VERB`: what is not one of the three scripts."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tagging import cli
from tagging.tagger import options

_NOTHING_LOST = "the same command starts again"


def main(argv: Sequence[str] | None = None) -> int:
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments and arguments[0] in VERBS:
        return VERBS[arguments[0]](arguments[1:])
    lines = [f"{name}: {verb.__doc__}" for name, verb in VERBS.items()]
    parser = cli.Parser("python -m tagging", description=__doc__, epilog=" ".join(lines))
    parser.add_argument("verb", choices=VERBS)
    parser.parse_args(arguments)
    return 2


def plots(argv: Sequence[str]) -> int:
    """Draw the config's data set (waveforms, log-mel before and after SpecAugment, labels) as PNG files."""
    parser = cli.make_parser(plots.__doc__ or "")
    parser.prog = "python -m tagging plots"
    parser.add_argument("--out", type=Path, default=Path("figures"), help="folder (default: %(default)s)")
    return cli.run(_plots, parser, argv, interrupted=_NOTHING_LOST)


def sweep(argv: Sequence[str]) -> int:
    """Train a config many times, with settings out of a sweep file, and say which are best."""
    parser = cli.make_parser(sweep.__doc__ or "")
    parser.prog = "python -m tagging sweep"
    parser.add_argument(
        "--sweep", type=Path, required=True, metavar="FILE", help="what is tried, as W&B's sweep.yaml"
    )
    parser.add_argument("--stage", help="the only stage to train (default: all; the last one is judged)")
    parser.add_argument(
        "--trials", type=cli.positive, metavar="N", help="how many in all (default: the file's run_cap)"
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="folder (default: sweep-FILE in the config's run_dir)"
    )
    parser.add_argument("--force", action="store_true", help="begin anew: the folder's trials are removed")
    return cli.run(_sweep, parser, argv, interrupted="without --force, the same command goes on from here")


def compare(argv: Sequence[str]) -> int:
    """Put runs beside each other: tables, bars, learning curves, size against score."""
    parser = cli.Parser("python -m tagging compare", description=compare.__doc__)
    parser.add_argument(
        "runs", type=Path, nargs="+", metavar="RUN", help="run folders, or folders with runs in them"
    )
    parser.add_argument(
        "--metric", help="of the validation clips, e.g. f1_macro (default: one that all runs have)"
    )
    parser.add_argument("--out", type=Path, default=Path("comparison"), help="folder (default: %(default)s)")
    parser.add_argument(
        "--top", type=cli.positive, default=5, help="rows of the short table (default: %(default)s)"
    )
    return cli.run(_compare, parser, argv, interrupted=_NOTHING_LOST)


def curves(argv: Sequence[str]) -> int:
    """Draw the learning curves of several runs in one picture."""
    parser = cli.Parser("python -m tagging curves", description=curves.__doc__)
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="run folders")
    parser.add_argument("--metric", help="beside the loss, e.g. f1_macro (default: one that all runs have)")
    parser.add_argument("--out", type=Path, default=Path("curves.png"), help="picture (default: %(default)s)")
    return cli.run(_curves, parser, argv, interrupted=_NOTHING_LOST)


def report(argv: Sequence[str]) -> int:
    """Write the page of a run, or of a folder of folds: scores, clips to hear, curves, settings, commands."""
    parser = cli.Parser("python -m tagging report", description=report.__doc__)
    parser.add_argument("run", type=Path, metavar="RUN", help="run folder, or folder of folds")
    parser.add_argument("--out", type=Path, metavar="FILE", help="page (default: report.html in RUN)")
    return cli.run(_report, parser, argv, interrupted=_NOTHING_LOST)


def tag(argv: Sequence[str]) -> int:
    """Tag audio files with trained runs: names and scores, over time if wanted, as table, CSV or JSON."""
    parser = options.make_parser(tag.__doc__ or "")
    return cli.run(_tag, parser, argv, interrupted=_NOTHING_LOST)


def _plots(args: argparse.Namespace) -> int:
    from tagging.config.load import load_config

    config = load_config(args.config or cli.DEFAULT_CONFIG, args.overrides)
    cli.quiet_tensorflow(args.jobs)
    from tagging.plots.dataset import data_figures

    for path in data_figures(config, args.out):
        print(path)
    return 0


def _tag(args: argparse.Namespace) -> int:
    options.check(args)
    cli.quiet_tensorflow(args.jobs)
    from tagging.tagger.command import tag

    return tag(args)


def _sweep(args: argparse.Namespace) -> int:
    from tagging.sweeps.job import open_job

    config = args.config or cli.DEFAULT_CONFIG
    given = {key: getattr(args, key) for key in ("stage", "out", "trials", "jobs", "force")}
    job = open_job(config, args.sweep, args.overrides, **given)
    cli.quiet_tensorflow(args.jobs)
    from tagging.sweeps.worker import run_sweep

    return run_sweep(job)


def _compare(args: argparse.Namespace) -> int:
    from tagging.report.comparison import compare

    for path in compare(args.runs, args.out, args.metric, args.top):
        print(path)
    return 0


def _curves(args: argparse.Namespace) -> int:
    from tagging.report.comparison import draw_curves
    from tagging.runs.run import read_run

    draw_curves({str(path): read_run(path) for path in args.runs}, args.out, args.metric)
    print(args.out)
    return 0


def _report(args: argparse.Namespace) -> int:
    from tagging.report.page import write_report

    print(write_report(args.run, args.out))
    return 0


VERBS = {"tag": tag, "plots": plots, "curves": curves, "compare": compare, "report": report, "sweep": sweep}

if __name__ == "__main__":
    sys.exit(main())
