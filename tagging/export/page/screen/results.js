// A file's results as elements: tags, plots with a player, segments. Names are always set as text.

const MOST_ROWS = 500;

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

// An <article> for a file; `file` is what plays, `result` what the worker found.
function resultOf(name, file, result, about, top) {
  const segments = about.task === "regression" ? null : segmentsOf(result.timeline, about);
  const article = element("article", { className: "result" }, element("h3", { textContent: name }));
  article.append(element("p", { className: "facts", textContent: factsOf(result) }), tagsOf(result, about, top));
  const player = element("audio", { controls: true, preload: "metadata", src: URL.createObjectURL(file) });
  player.setAttribute("aria-label", `Player of ${name}`);
  if (!result.silent) article.append(plotsOf(name, result, about, player), legend(about));
  article.append(player);
  if (!result.silent) article.append(tableOf(result, segments, about, player));
  if (segments?.length) article.append(saveButton(name, segments, about));
  return article;
}

function factsOf({ seconds, keptSeconds }) {
  const removed = seconds - keptSeconds;
  return clock(seconds, 1) + (removed > 0.05 ? `, of which ${clock(removed, 1)} of silence are left out of the tags` : "");
}

// The tags that reach their thresholds, and the most likely ones up to `top`; values of regression all.
function tagsOf({ scores, silent }, about, top) {
  if (silent) return element("p", { className: "nothing", textContent: "Silent: no tags." });
  const isRegression = about.task === "regression", there = new Set(present(scores, about));
  const shown = isRegression ? about.labels.map((_, i) => i) : ranked(scores).filter((label, i) => i < top || there.has(label));
  const head = isRegression ? ["Value", "Predicted"] : ["Tag", "Score", "Present"];
  const rows = shown.map((label) => {
    const score = element("td", { className: "score" });
    if (!isRegression) score.append(barOf(scores[label]));
    score.append(element("span", { textContent: scores[label].toFixed(3) }));
    const cells = [element("th", { scope: "row", textContent: about.labels[label] }), score];
    if (!isRegression) cells.push(element("td", { className: "reached", textContent: there.has(label) ? "✓ yes" : "no" }));
    const row = element("tr", { className: there.has(label) ? "there" : "" }, ...cells);
    row.dataset.score = scores[label];
    return row;
  });
  return table("tags", "Tags of the whole file", head, rows);
}

function barOf(score) {
  const bar = element("span", { className: "bar" });
  bar.setAttribute("aria-hidden", "true");
  bar.style.setProperty("--share", `${100 * score}%`);
  return bar;
}

function table(className, caption, head, rows) {
  const titles = head.map((title) => element("th", { scope: "col", textContent: title }));
  const body = element("tbody", {}, ...rows);
  return element("table", { className }, element("caption", { textContent: caption }), element("thead", {}, element("tr", {}, ...titles)), body);
}

// The canvas with the labels next to it and a line where the player is; a click plays from there.
function plotsOf(name, result, about, player) {
  const rows = strongest(result.timeline, about), line = element("div", { className: "playhead" });
  const canvas = element("canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `Spectrogram of ${name} and, below it, scores over time of ${rows.map((i) => about.labels[i]).join(", ")}. The table below has the same.`);
  const khz = (result.plot.highestHz / 1000).toLocaleString("en"), names = element("div", { className: "names" });
  names.setAttribute("aria-hidden", "true");
  names.append(element("div", { className: "frequency" }, element("span", { textContent: `${khz} kHz` }), element("span", { textContent: `${result.plot.lowestHz} Hz` })));
  for (const label of rows) names.append(element("div", { className: "name", textContent: about.labels[label], title: about.labels[label] }));
  const area = element("div", { className: "area" }, canvas, line);
  canvas.addEventListener("click", ({ offsetX }) => playFrom(player, (offsetX / canvas.clientWidth) * result.seconds));
  const draw = () => canvas.clientWidth && drawPlots(canvas, result, rows, about);
  new ResizeObserver(draw).observe(area);
  dark.addEventListener("change", draw);
  follow(player, line, result.seconds);
  return element("div", { className: "plots" }, names, area);
}

function playFrom(player, seconds) {
  player.currentTime = seconds;
  player.play();
}

// Keeps the line where the player is.
function follow(player, line, seconds) {
  const move = () => {
    line.style.left = `${Math.min(100, (100 * player.currentTime) / seconds)}%`;
    line.hidden = player.paused && !player.currentTime;
    if (!player.paused) requestAnimationFrame(move);
  };
  for (const event of ["play", "pause", "seeked", "timeupdate"]) player.addEventListener(event, move);
  move();
}

// What the heat map shows, to be read; each row can be played.
function tableOf({ timeline }, segments, about, player) {
  const found = segments ?? windowsOf(timeline, about);
  const rows = found.slice(0, MOST_ROWS).map(({ start, end, label, score }) => {
    const button = element("button", { type: "button", className: "small", textContent: `▶ ${clock(start, 2)}` });
    button.setAttribute("aria-label", `Play from ${clock(start, 2)}`);
    button.addEventListener("click", () => playFrom(player, start));
    const values = [clock(end, 2), about.labels[label], score.toFixed(3)];
    return element("tr", {}, element("td", {}, button), ...values.map((value) => element("td", { textContent: value })));
  });
  const count = found.length > MOST_ROWS ? `the first ${MOST_ROWS} of ${found.length}` : found.length;
  const title = segments ? `Segments (${count})` : `Windows (${count})`;
  const content = rows.length ? element("div", { className: "scroll" }, table("segments", title, ["Start", "End", segments ? "Tag" : "Value", "Score"], rows)) : element("p", { textContent: "No label reaches its threshold." });
  return element("details", {}, element("summary", { textContent: title }), content);
}

// Of regression: every value of every window.
function windowsOf(timeline, about) {
  return timeline.starts.flatMap((start, i) => about.labels.map((_, label) => ({ start, end: timeline.ends[i], label, score: scoresOf(timeline, i, about)[label] })));
}

function saveButton(name, segments, about) {
  const button = element("button", { type: "button", textContent: "Save labels for Audacity" });
  button.addEventListener("click", () => {
    const track = new Blob([labelTrack(segments, about)], { type: "text/plain" });
    const link = element("a", { href: URL.createObjectURL(track), download: `${name.replace(/\.[^.]*$/, "")}.txt` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  });
  return button;
}
