// Files as channels of samples. WAV of PCM, float or G.711 is read here, sample by sample; the browser decodes the rest.

const MOST_SECONDS = 3600, MOST_BYTES = 700e6, MOST_CHANNELS = 1024, RATES_HZ = [1000, 768000], SLICE = 1 << 19;
const LOOK_MS = 3000;
const TOO_LONG = `too long: expected at most ${MOST_SECONDS / 60} minutes; cut the file, or use tag_standalone.py`;

// A file -> {channels: Float32Arrays, rateHz}; an Error with one line for the user.
async function decoded(file) {
  if (file.size > MOST_BYTES) throw new Error(TOO_LONG);
  const bytes = await file.arrayBuffer();
  if (!bytes.byteLength) throw new Error("the file is empty");
  const sound = (await readWav(bytes)) ?? (await byBrowser(file, bytes));
  if (!sound.channels.length || !sound.channels[0].length) throw new Error("expected sound, received zero samples");
  if (sound.channels[0].length > MOST_SECONDS * sound.rateHz) throw new Error(TOO_LONG);
  return sound;
}

// The browser resamples to the rate of the context, so that has to be the file's own.
async function byBrowser(file, bytes) {
  if ((await statedSeconds(file)) > MOST_SECONDS) throw new Error(TOO_LONG); // small files may fill the memory
  const rateHz = rateOf(new DataView(bytes)) ?? 48000;
  try {
    const buffer = await new OfflineAudioContext(1, 1, rateHz).decodeAudioData(bytes);
    const channels = Array.from({ length: buffer.numberOfChannels }, (_, i) => buffer.getChannelData(i));
    return { channels, rateHz };
  } catch {
    throw new Error("expected an audio file, received one that this browser cannot decode");
  }
}

// The length by a file's header; 0: it has none, or the browser does not tell.
async function statedSeconds(file) {
  const player = new Audio(), url = URL.createObjectURL(file);
  try {
    return await new Promise((resolve) => {
      player.onloadedmetadata = () => resolve(Number.isFinite(player.duration) ? player.duration : 0);
      player.onerror = () => resolve(0);
      player.preload = "metadata";
      player.src = url;
      setTimeout(resolve, LOOK_MS, 0);
    });
  } finally {
    URL.revokeObjectURL(url);
  }
}

// The sample rate that FLAC, Ogg Vorbis and MP3 files state; null: another format.
function rateOf(view) {
  const text = (at, length) => String.fromCharCode(...new Uint8Array(view.buffer, at, Math.min(length, view.byteLength - at)));
  if (view.byteLength < 64) return null;
  if (text(0, 4) === "fLaC") return (view.getUint32(18) >>> 12) || null;
  if (text(0, 4) === "OggS" && text(29, 6) === "vorbis") return view.getUint32(40, true);
  let at = 0;
  if (text(0, 3) === "ID3") at = 10 + [6, 7, 8, 9].reduce((sum, i) => sum * 128 + view.getUint8(i), 0);
  if (at + 4 > view.byteLength || (view.getUint16(at) & 0xffe6) !== 0xffe2) return null; // layer III
  const version = (view.getUint8(at + 1) >> 3) & 3, rate = [44100, 48000, 32000][(view.getUint8(at + 2) >> 2) & 3];
  return rate ? rate / { 3: 1, 2: 2, 0: 4 }[version] || null : null;
}

// A WAV file of PCM (8, 16, 24, 32 bits), float (32, 64), A-law or mu-law; null: anything else.
function readWav(bytes) {
  const view = new DataView(bytes), name = (at) => String.fromCharCode(...new Uint8Array(bytes, at, 4));
  if (bytes.byteLength < 12 || !["RIFF", "RF64"].includes(name(0)) || name(8) !== "WAVE") return null;
  let format = null, longSize = null;
  for (let at = 12; at + 8 <= bytes.byteLength; ) {
    const size = view.getUint32(at + 4, true), body = at + 8;
    if (name(at) === "fmt " && body + 16 <= bytes.byteLength) format = wavFormat(view, body, size);
    if (name(at) === "ds64" && body + 16 <= bytes.byteLength) longSize = Number(view.getBigUint64(body + 8, true));
    if (name(at) === "data") {
      const read = format && SAMPLES[`${format.kind}-${format.bits}`], rest = bytes.byteLength - body;
      const length = size === 0 && !areChunks(view, body, name) ? rest : (size === 0xffffffff && longSize) || size;
      return read ? samplesOf(view, body, Math.min(length, rest), format, read) : null;
    }
    at = body + size + (size % 2);
  }
  return null;
}

// Whether the rest of a file is chunks, and not the samples of a recording that was never finalised.
function areChunks(view, at, name) {
  while (at + 8 <= view.byteLength && /^[ -~]{4}$/.test(name(at))) {
    const size = view.getUint32(at + 4, true);
    at += 8 + size + (size % 2);
  }
  return Math.abs(view.byteLength - at) <= 1;
}

function wavFormat(view, at, size) {
  const kind = view.getUint16(at, true), isExtensible = kind === 0xfffe && size >= 26;
  return {
    kind: isExtensible ? view.getUint16(at + 24, true) : kind, // 1: PCM, 3: float, 6: A-law, 7: mu-law
    channels: view.getUint16(at + 2, true),
    rateHz: view.getUint32(at + 4, true),
    bits: 8 * Math.ceil(view.getUint16(at + 14, true) / 8), // 12 bits are the upper ones of 16
  };
}

const SAMPLES = {
  "1-8": (view, at) => (view.getUint8(at) - 128) / 128,
  "1-16": (view, at) => view.getInt16(at, true) / 32768,
  "1-24": (view, at) => (view.getUint8(at) + view.getInt16(at + 1, true) * 256) / 8388608,
  "1-32": (view, at) => view.getInt32(at, true) / 2147483648,
  "3-32": (view, at) => view.getFloat32(at, true),
  "3-64": (view, at) => view.getFloat64(at, true),
  "6-8": (view, at) => aLaw(view.getUint8(at) ^ 0x55) / 32768,
  "7-8": (view, at) => muLaw(view.getUint8(at) ^ 0xff) / 32768,
};

// ITU-T G.711, as 16 bits.
function aLaw(code) {
  const exponent = (code >> 4) & 7, step = ((code & 15) << 4) + 8;
  const value = exponent ? (step + 256) << (exponent - 1) : step;
  return code & 0x80 ? value : -value;
}

function muLaw(code) {
  const value = ((((code & 15) << 3) + 132) << ((code >> 4) & 7)) - 132;
  return code & 0x80 ? -value : value;
}

async function samplesOf(view, body, size, { channels: count, rateHz, bits }, read) {
  if (!count || count > MOST_CHANNELS) return null;
  const [lowest, highest] = RATES_HZ;
  if (rateHz < lowest || rateHz > highest) throw new Error(`expected a sample rate from ${lowest} to ${highest} Hz, received ${rateHz}`);
  const width = bits / 8, frames = Math.floor(size / (width * count));
  if (frames > MOST_SECONDS * rateHz) throw new Error(TOO_LONG);
  const channels = Array.from({ length: count }, () => new Float32Array(frames));
  for (let first = 0; first < frames; first += SLICE) {
    const end = Math.min(first + SLICE, frames);
    for (let c = 0; c < count; c++) {
      for (let i = first; i < end; i++) channels[c][i] = read(view, body + (i * count + c) * width);
    }
    await new Promise((resolve) => setTimeout(resolve)); // the page stays responsive
  }
  return { channels, rateHz };
}

// Samples as a WAV file of float, to be played.
function wavFile(samples, rateHz) {
  const head = new DataView(new ArrayBuffer(44)), put = (at, text) => [...text].forEach((letter, i) => head.setUint8(at + i, letter.charCodeAt(0)));
  put(0, "RIFF"), put(8, "WAVEfmt "), put(36, "data");
  head.setUint32(4, 36 + 4 * samples.length, true), head.setUint32(16, 16, true);
  head.setUint16(20, 3, true), head.setUint16(22, 1, true);
  head.setUint32(24, rateHz, true), head.setUint32(28, 4 * rateHz, true);
  head.setUint16(32, 4, true), head.setUint16(34, 32, true), head.setUint32(40, 4 * samples.length, true);
  return new Blob([head, samples], { type: "audio/wav" });
}
