// The spectrogram and the heat map of scores below it, on one time axis.

const ROWS = 12, ROW_PX = 22, SPECTRUM_PX = 132, AXIS_PX = 22;
const RAMPS = { // from nothing to most, red, green, blue
  light: [[241, 245, 250], [200, 221, 240], [115, 169, 207], [43, 116, 178], [8, 48, 107]],
  dark: [[30, 37, 47], [38, 66, 106], [42, 128, 140], [122, 199, 129], [253, 231, 120]],
};
const dark = matchMedia("(prefers-color-scheme: dark)");

function colour(share) {
  const ramp = RAMPS[dark.matches ? "dark" : "light"], at = Math.min(Math.max(share, 0), 1) * (ramp.length - 1);
  const low = Math.min(Math.floor(at), ramp.length - 2), rest = at - low;
  return ramp[low].map((value, i) => Math.round(value + rest * (ramp[low + 1][i] - value)));
}

// The ramp as a bar, with what its ends mean.
function legend(about) {
  const isRegression = about.task === "regression", bar = element("span", { className: "ramp" });
  const made = element("p", { className: "legend" }, isRegression ? "lowest" : "0", bar, isRegression ? "highest value of each row" : "1");
  const paint = () => {
    const stops = RAMPS[dark.matches ? "dark" : "light"].map((each) => `rgb(${each.join()})`);
    bar.style.background = `linear-gradient(to right, ${stops.join()})`;
  };
  dark.addEventListener("change", paint);
  paint();
  return made;
}

// Labels of the heat map: those with the highest scores, the highest first.
function strongest(timeline, about) {
  const most = new Float64Array(about.labels.length).fill(-Infinity);
  timeline.scores.forEach((score, i) => (most[i % most.length] = Math.max(most[i % most.length], score)));
  return ranked(most).slice(0, ROWS);
}

// Draws all of it into a canvas as wide as its box.
function drawPlots(canvas, result, rows, about) {
  const width = canvas.clientWidth, height = SPECTRUM_PX + 8 + rows.length * ROW_PX + AXIS_PX;
  const scale = window.devicePixelRatio || 1, context = canvas.getContext("2d");
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.style.height = `${height}px`;
  context.scale(scale, scale);
  drawSpectrum(context, result.plot, width);
  context.translate(0, SPECTRUM_PX + 8);
  drawHeat(context, result, rows, about, width);
  context.translate(0, rows.length * ROW_PX);
  drawAxis(context, result.seconds, width, getComputedStyle(canvas));
}

function drawSpectrum(context, { columns, bands, values }, width) {
  const image = new ImageData(columns, bands);
  const palette = Array.from({ length: 256 }, (_, i) => colour(i / 255));
  values.forEach((value, i) => {
    const column = Math.floor(i / bands), row = bands - 1 - (i % bands);
    image.data.set([...palette[value], 255], 4 * (row * columns + column));
  });
  const small = new OffscreenCanvas(columns, bands);
  small.getContext("2d").putImageData(image, 0, 0);
  context.drawImage(small, 0, 0, width, SPECTRUM_PX);
}

// Each pixel shows the highest score of the windows that speak for its time.
function drawHeat(context, { timeline, seconds }, rows, about, width) {
  const edges = edgesOf(timeline), pixels = Math.max(1, Math.round(width));
  rows.forEach((label, row) => {
    const [low, high] = rangeOf(timeline, label, about), shares = new Float64Array(pixels);
    for (let window = 0; window + 1 < edges.length; window++) {
      const share = (scoresOf(timeline, window, about)[label] - low) / (high - low);
      const first = Math.floor((edges[window] / seconds) * pixels);
      const end = Math.max(first + 1, Math.ceil((edges[window + 1] / seconds) * pixels));
      for (let x = first; x < Math.min(end, pixels); x++) shares[x] = Math.max(shares[x], share);
    }
    shares.forEach((share, x) => {
      context.fillStyle = `rgb(${colour(share).join()})`;
      context.fillRect(x, row * ROW_PX + 1, 1.5, ROW_PX - 2);
    });
  });
}

// Probabilities are from 0 to 1; values of regression have a range of their own.
function rangeOf(timeline, label, about) {
  if (about.task !== "regression") return [0, 1];
  const values = timeline.silent.map((_, window) => scoresOf(timeline, window, about)[label]);
  const low = values.reduce((a, b) => Math.min(a, b)), high = values.reduce((a, b) => Math.max(a, b));
  return high > low ? [low, high] : [low - 1, high];
}

function drawAxis(context, seconds, width, style) {
  const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200];
  const step = steps.find((each) => (each / seconds) * width >= 80) ?? 1200;
  context.fillStyle = context.strokeStyle = style.color;
  context.font = `12px ${style.fontFamily}`;
  context.textBaseline = "top";
  for (let number = 0; number * step <= seconds + 1e-9; number++) {
    const x = Math.min((number * step / seconds) * width, width - 0.5);
    context.fillRect(Math.max(0, x - 0.5), 2, 1, 4);
    context.textAlign = number === 0 ? "left" : x > width - 16 ? "right" : "center";
    context.fillText(clock(number * step, step < 1 ? 1 : 0), x, 8);
  }
}
