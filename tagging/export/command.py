"""`python -m tagging export`: a model file with its certificate, its card and a script that runs it."""

import argparse
import json
import shlex
from pathlib import Path
from typing import Any

from foundation.claims import claimed
from foundation.files import write_atomic
from foundation.scratch import scratch_folder
from tagging.export.about import About, about
from tagging.export.card import NAME as CARD
from tagging.export.card import model_card
from tagging.export.certificate import Certificate, as_json, as_table
from tagging.export.comparison import certify, size_of
from tagging.export.errors import ExportError
from tagging.export.graph import Graph, graph_of
from tagging.export.registry import FORMATS, OPTIONS, Format
from tagging.export.standalone import NAME as STANDALONE
from tagging.export.standalone import standalone_text
from tagging.runs.arguments import AUDIOSET
from tagging.tagger.models import load_ensemble

EXPORT = "export"
LABELS, PARITY = "labels.txt", "parity.json"


def export(args: argparse.Namespace) -> int:
    """Write what `tagging.commands.export` declares; nothing is written unless the file is as good as the run.

    Raises:
        ExportError: packages that lack, runs that do not go together, or a file that differs from its run.
    """
    form = FORMATS[args.to]
    if args.quantize not in form.precisions:
        raise ExportError(
            f"--to {form.name} has no weights of {args.quantize}: expected {' or '.join(form.precisions)}"
        )
    options = _options(args, form)
    module = form.module()
    paths = [AUDIOSET if path == Path(AUDIOSET) else path for path in args.runs]
    graph = graph_of(load_ensemble(paths, args.weights or AUDIOSET), args.window_s, is_fixed=args.fixed)
    facts = about(graph, args.quantize)
    has_script = graph.takes_audio and not form.runs_alone
    names = (*form.files, LABELS, CARD, PARITY, *([STANDALONE] if has_script else []))
    outputs = {f"--out {name}": args.out / name for name in names}
    with claimed(EXPORT, outputs), scratch_folder("tagging-export-") as folder:
        module.write(graph, folder, facts, **options)
        certificate = certify(graph, facts, module.load(folder), form.name, size_of(folder, form.files))
        certificate.check()
        for name, text in _texts(graph, facts, form, certificate).items():
            (folder / name).write_text(text, encoding="utf-8")
        for name in names:
            write_atomic(args.out / name, (folder / name).read_bytes())
    _show(args.out, form, certificate, graph)
    return 0


def _options(args: argparse.Namespace, form: Format) -> dict[str, Any]:
    """Those that only some formats take, by name."""
    for name in OPTIONS:
        if name not in form.options and getattr(args, name) is not None:
            takers = " or ".join(f"--to {other.name}" for other in FORMATS.values() if name in other.options)
            raise ExportError(f"--{name} applies to {takers}, received --to {form.name}: leave it out")
    return {name: getattr(args, name) for name in form.options}


def _texts(graph: Graph, facts: About, form: Format, certificate: Certificate) -> dict[str, str]:
    """The files next to the model, by name."""
    return {
        LABELS: facts.labels_text,
        CARD: model_card(graph, facts, form, certificate),
        PARITY: json.dumps(as_json(certificate), indent=1) + "\n",
        STANDALONE: standalone_text(),
    }


def _show(out: Path, form: Format, certificate: Certificate, graph: Graph) -> None:
    print(out / form.model)
    if not graph.takes_audio:
        print("the network alone: its features are computed offline")
    rows = as_table(certificate)
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f"  {name:<{width}}  {value}")
    print(f"next: {_next(out, form, graph)}")


def _next(out: Path, form: Format, graph: Graph) -> str:
    """What a user does with the file."""
    if form.next:
        return form.next.format(model=out / form.model)
    if form.runs_alone or not graph.takes_audio:
        return f"load it in your program; {out / CARD} describes its inputs and outputs"
    return f"python {shlex.quote(str(out / STANDALONE))} clip.wav"
