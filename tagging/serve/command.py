"""`python -m tagging serve`: runs behind an address."""

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path

from foundation.scratch import scratch_folder
from foundation.text import shown, shown_lines
from foundation.words import counted
from foundation.workers import Workers
from tagging.runs.arguments import AUDIOSET
from tagging.serve.errors import ServeError
from tagging.serve.limits import Limits
from tagging.tagger.tagger import Tagger

PACKAGES = {"starlette": "starlette", "uvicorn": "uvicorn", "python_multipart": "python-multipart"}


def serve(args: argparse.Namespace) -> int:
    """Serve what `tagging.commands.serve` declares until Ctrl-C or SIGTERM.

    Raises:
        ServeError: packages that lack, an address that is taken, a folder without a page, or runs on features.
        TaggerError, RunError: runs that cannot be used.
    """
    check_packages()
    from tagging.serve.app import make_app  # noqa: PLC0415  they may lack
    from tagging.serve.page import check_page  # noqa: PLC0415
    from tagging.serve.server import BACKLOG, bound_socket, run_server, url_of  # noqa: PLC0415
    from tagging.serve.service import ready_service  # noqa: PLC0415

    if args.page:
        check_page(args.page)
    limits = Limits.of(args)
    with bound_socket(args.host, args.port) as listener:
        over_time = {key: getattr(args, key) for key in ("window_s", "hop_s", "columns")}
        service = ready_service(_tagger(args), limits, over_time)
        with scratch_folder("tagging-serve-") as scratch, Workers(args.jobs) as workers:
            listener.listen(BACKLOG)  # before the address is known: no client is refused
            print(f"{url_of(listener)} (Ctrl-C ends it): {_served(service.tagger)}", flush=True)
            run_server(make_app(service, workers, scratch, args.page), listener, limits, quiet=args.quiet)
    return 0


def check_packages() -> None:
    """Raises ServeError where packages are not installed."""
    if any(find_spec(name) is None for name in PACKAGES):
        raise ServeError(f"serve needs other packages: pip install {' '.join(PACKAGES.values())}")


def _served(tagger: Tagger) -> str:
    """`3 classes by runs/a/curated, runs/b/curated`."""
    members = ", ".join(shown(str(member)) for member in tagger.ensemble.members)
    return f"{counted(len(tagger.names), 'class', 'classes')} by {members}"


def _tagger(args: argparse.Namespace) -> Tagger:
    paths = [AUDIOSET if path == Path(AUDIOSET) else path for path in args.runs] or [AUDIOSET]
    if args.weights and AUDIOSET not in paths:
        raise ServeError("--weights applies to the published network: leave it out, or add audioset")
    tagger = Tagger.load(*paths, weights=args.weights or AUDIOSET)
    for run in tagger.runs:
        if run.warning:
            print(shown_lines(run.warning), file=sys.stderr)
    return tagger
