"""Commands for data sets and trained runs, in addition to preprocess.py, train.py and predict.py."""

import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType

from foundation.plugins import plugin_names
from foundation.words import alike
from tagging import cli, commands
from tagging.cli import running

COMMANDS = plugin_names(Path(commands.__path__[0]))


def main(argv: Sequence[str] | None = None) -> int:
    arguments = list(sys.argv[1:] if argv is None else argv)
    modules = {name: import_module(f"tagging.commands.{name}") for name in COMMANDS}
    parser = cli.Parser("python -m tagging", description=__doc__)
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND", title="commands")
    for name, module in modules.items():
        subparser = subparsers.add_parser(name, help=help_line(module), description=help_line(module))
        module.add_arguments(subparser)
    if arguments and not arguments[0].startswith("-") and arguments[0] not in modules:
        meant = alike(arguments[0], {each: each for each in modules})
        parser.error(f"expected a command first, received {arguments[0]!r}{meant}")
    if not arguments or arguments[0].startswith("-"):
        parser.parse_args(arguments)  # help, or what is wrong; both end here
        parser.error("expected the command first")
    # By its own parser, as options and positionals of a subcommand may be mixed: argparse cannot do so itself.
    name, *rest = arguments
    interrupted = getattr(modules[name], "INTERRUPTED", running.NOTHING_LOST)
    return running.run(modules[name].run, subparsers.choices[name], rest, interrupted=interrupted)


def help_line(module: ModuleType) -> str:
    """The first line of a docstring."""
    return (module.__doc__ or "").partition("\n")[0]


if __name__ == "__main__":
    sys.exit(main())
