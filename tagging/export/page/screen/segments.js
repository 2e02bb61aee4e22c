// Which labels a clip has, and from when to when: what tagging/inference/results.py does in Python.

// Numbers of the labels that reach their thresholds; with one label per clip the likeliest.
function present(scores, about) {
  if (about.task === "regression") return [];
  if (about.task === "multiclass") return [scores.indexOf(scores.reduce((a, b) => Math.max(a, b)))];
  return about.labels.map((_, i) => i).filter((i) => scores[i] >= about.thresholds[i]);
}

// Numbers of labels, the highest score first.
function ranked(scores) {
  return Array.from(scores, (_, i) => i).sort((a, b) => scores[b] - scores[a] || a - b);
}

// Window i speaks for the time from edge i to i + 1, where its centre is the nearest.
function edgesOf({ starts, ends }) {
  const centres = starts.map((start, i) => (start + ends[i]) / 2);
  return [0, ...centres.slice(1).map((centre, i) => (centre + centres[i]) / 2), ends[ends.length - 1]];
}

function scoresOf(timeline, window, about) {
  return timeline.scores.subarray(window * about.labels.length, (window + 1) * about.labels.length);
}

// Stretches with a label [{start, end, label, score}], by start, then in the order of the labels.
function segmentsOf(timeline, about) {
  const edges = edgesOf(timeline), found = [], open = new Map();
  const close = (label, end) => {
    const { first, sum } = open.get(label);
    open.delete(label);
    found.push({ start: edges[first], end: edges[end], label, score: sum / (end - first) });
  };
  timeline.silent.forEach((isSilent, window) => {
    const scores = scoresOf(timeline, window, about), there = new Set(isSilent ? [] : present(scores, about));
    for (const label of [...open.keys()]) if (!there.has(label)) close(label, window);
    for (const label of there) {
      if (!open.has(label)) open.set(label, { first: window, sum: 0 });
      open.get(label).sum += scores[label];
    }
  });
  for (const label of [...open.keys()]) close(label, timeline.silent.length);
  return found.sort((a, b) => a.start - b.start || a.label - b.label);
}

// An Audacity label track.
function labelTrack(segments, about) {
  const name = (label) => about.labels[label].split(/\s+/).filter(Boolean).join(" ");
  return segments.map(({ start, end, label }) => `${start.toFixed(6)}\t${end.toFixed(6)}\t${name(label)}\n`).join("");
}

// 75.25 s -> 1:15.3
function clock(seconds, digits = 0) {
  const units = Math.round(seconds * 10 ** digits), whole = Math.floor(units / 10 ** digits);
  const two = (value) => String(value).padStart(2, "0"), hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) - 60 * hours, head = hours ? `${hours}:${two(minutes)}` : `${minutes}`;
  const rest = digits ? `.${String(units % 10 ** digits).padStart(digits, "0")}` : "";
  return `${head}:${two(whole % 60)}${rest}`;
}
