"""`python -m tagging VERB`: what is not one of the three scripts."""

import sys
from collections.abc import Sequence

from tagging import cli
from tagging.commands.compare import compare
from tagging.commands.curves import curves
from tagging.commands.plots import plots
from tagging.commands.report import report
from tagging.commands.sweep import sweep
from tagging.commands.tag import tag


def main(argv: Sequence[str] | None = None) -> int:
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments and arguments[0] in VERBS:
        return VERBS[arguments[0]](arguments[1:])
    lines = [f"{name}: {verb.__doc__}" for name, verb in VERBS.items()]
    parser = cli.Parser("python -m tagging", description=__doc__, epilog=" ".join(lines))
    parser.add_argument("verb", choices=VERBS)
    parser.parse_args(arguments)
    return 2


VERBS = {"tag": tag, "plots": plots, "curves": curves, "compare": compare, "report": report, "sweep": sweep}

if __name__ == "__main__":
    sys.exit(main())
