"""`model_card.md`: what an export is, in the form that model hubs read (YAML, then Markdown)."""

from tagging.evaluation.task_kinds import metric_title
from tagging.export.about import About
from tagging.export.certificate import Certificate, as_table
from tagging.export.graph import Graph
from tagging.export.registry import Format
from tagging.inference.published import PublishedRun
from tagging.runs.run import Run, name_of

NAME = "model_card.md"
_MOST_LABELS = 12
_COUNTS = {"train_clips": "clips to train on", "validation_clips": "clips to validate with"}
_ORIGINS = {
    ("mn", "audioset"): "the published EfficientAT weights (MIT licence), trained on AudioSet",
    ("yamnet", "audioset"): "the published YAMNet weights (Apache 2.0), trained on AudioSet",
    ("mobilenet_v2", "imagenet"): "Keras's MobileNetV2 weights (Apache 2.0), trained on ImageNet",
    ("resnet50", "imagenet"): "Keras's ResNet50 weights (Apache 2.0), trained on ImageNet",
}


def model_card(graph: Graph, about: About, form: Format, certificate: Certificate) -> str:
    """The whole page."""
    run = graph.ensemble.runs[0]
    licence = "mit" if isinstance(run, PublishedRun) else "other"
    sections = [
        f"---\nlicense: {licence}\nlibrary_name: {form.name}\npipeline_tag: audio-classification\n"
        "tags:\n- audio\n- audio-tagging\n---",
        f"# {about.name}",
        _summary(graph, about),
        "## Input and output\n\n" + _bullets(_in_and_out(about, form)),
        "## Data\n\n" + _data(graph),
        "## Scores\n\n" + _scores(run),
        "## The file and the run\n\nThe file was loaded again in its own runtime and compared with the run.\n\n"
        + _table(as_table(certificate)),
        "## Licence of the weights\n\n" + weights_licence(graph),
        "## Limits\n\n" + _bullets(_limits(graph, about)),
    ]
    return "\n\n".join(sections) + "\n"


def _summary(graph: Graph, about: About) -> str:
    models = ", ".join(dict.fromkeys(run.config.model.name for run in graph.ensemble.runs))
    count, number = len(about.labels), {"multilabel": "any number", "multiclass": "one"}
    if not graph.kind.has_labels:
        return f"Predicts {count} values ({_named(about)}) with the network `{models}`."
    return f"Tags a clip with {number[about.task]} of {count} labels ({_named(about)}). Network: `{models}`."


def _named(about: About) -> str:
    first = ", ".join(f"`{label}`" for label in about.labels[:_MOST_LABELS])  # labels may hold commas
    return first if len(about.labels) <= _MOST_LABELS else f"{first} ...; all in `labels.txt`"


def _in_and_out(about: About, form: Format) -> list[str]:
    shape = " x ".join(map(str, about.inputs["shape"]))
    if about.window_s:
        what = f"`waveform`: {shape} samples ({about.window_s:g} s) of mono audio at {about.inputs['rate_hz']} Hz"
        taken = f"{what}, float32 from -1 to 1."
    else:
        taken = (
            f"`features`: {shape} (steps, bands), float32; fewer steps end in NaN. The features were computed "
            "offline: this file is the network alone, and needs the same features."
        )
    outputs = [f"`{name}`: {text}." for name, text in about.outputs.items()]
    inside = f"Labels, thresholds, cleaning and windows are inside `{form.model}`, as JSON (`audio_tagging`)."
    script = (
        []
        if form.runs_alone or not about.window_s
        else ["`tag_standalone.py` tags files as the run does, without this program."]
    )
    return [taken, *outputs, inside, *script]


def _data(graph: Graph) -> str:
    lines = []
    for member in graph.ensemble.members:
        run = member.runs[0]
        if isinstance(run, PublishedRun):
            lines.append("AudioSet: 10-second excerpts of videos, with machine-made and checked labels.")
            continue
        counts = [f"{run.info[key]} {words}" for key, words in _COUNTS.items() if key in run.info]
        sources = ", ".join(run.config.stages[stage].sources[0] for stage in run.config.stages)
        more = f" ({', '.join(counts)})" if counts else ""
        lines.append(
            f"`{name_of(member.path, run.info.get('stage'))}`: data set of layout `{run.config.dataset.layout}`, "
            f"stages on {sources}{more}."
        )
    return "\n".join(lines)


def _scores(run: Run) -> str:
    figures = run.info.get("validation") or {}
    shown = [metric for metric in run.kind.shown if metric.key in figures]
    if not shown:
        return "None are known: no clips were held out."
    rows = [(metric_title(metric.key), f"{float(figures[metric.key]):.4f}") for metric in shown]
    return (
        "On the clips that were held out to validate the run, on which its best epoch may have been chosen.\n\n"
        + (_table(rows))
    )


def weights_licence(graph: Graph) -> str:
    """Whose the weights are, and the labels of a published network, in a few sentences."""
    lines = ["The weights were trained by whoever made this file, who chooses their licence."]
    for run in graph.ensemble.runs:
        key = (run.config.model.name, "audioset" if run.config.model.name in ("mn", "yamnet") else "imagenet")
        if run.config.model.weights != "none" and key in _ORIGINS:
            lines.append(f"They began with {_ORIGINS[key]}.")
        if isinstance(run, PublishedRun):
            lines = [
                f"They are {_ORIGINS['mn', 'audioset']}. The names of the labels are AudioSet's (CC BY 4.0)."
            ]
    return " ".join(dict.fromkeys(lines))


def _limits(graph: Graph, about: About) -> list[str]:
    limits = [
        "Scores hold for recordings like those it was trained on; other microphones, rooms and sounds differ."
    ]
    if graph.kind.has_labels:
        limits.append("It knows no other labels: for a sound that is none of these, scores mean nothing.")
        limits.append(
            "Scores are of one window; temperatures and thresholds were fitted on whole validation clips."
        )
    if about.window_s:
        limits.append(
            f"It hears {about.window_s:g} s at once. Shorter clips are repeated or padded, as the settings say."
        )
    return limits


def _bullets(lines: list[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _table(rows: list[tuple[str, str]]) -> str:
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)])
