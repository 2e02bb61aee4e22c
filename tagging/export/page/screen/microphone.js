// A recording from the microphone, of which the last seconds can be heard while it runs.

const BLOCK = 4096; // samples

class Recording {
  #blocks = [];
  length = 0;

  // Asks for the microphone; `onBlock()` is called for each block of samples.
  static async started(rateHz, onBlock) {
    if (!navigator.mediaDevices) throw new Error("no microphone: this browser allows it on https, localhost and files only");
    const recording = new Recording();
    const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    try {
      recording.stream = await navigator.mediaDevices.getUserMedia({ audio: plain });
    } catch (error) {
      throw new Error(MICROPHONE_ERRORS[error.name] ?? `no microphone: ${error.message}`);
    }
    recording.#listen(rateHz, onBlock);
    return recording;
  }

  // A script processor, as audio worklets do not load in pages from disk.
  #listen(rateHz, onBlock) {
    let source;
    try {
      this.context = new AudioContext({ sampleRate: rateHz });
      source = this.context.createMediaStreamSource(this.stream);
    } catch { // a browser that does not resample microphones
      this.context = new AudioContext();
      source = this.context.createMediaStreamSource(this.stream);
    }
    const node = this.context.createScriptProcessor(BLOCK, 1, 1);
    node.onaudioprocess = ({ inputBuffer }) => {
      this.#blocks.push(inputBuffer.getChannelData(0).slice());
      this.length += BLOCK;
      onBlock();
    };
    source.connect(node);
    node.connect(this.context.destination); // which hears silence, but makes it run
  }

  get rateHz() {
    return this.context.sampleRate;
  }

  get seconds() {
    return this.length / this.rateHz;
  }

  // The last seconds, or all.
  samples(seconds = Infinity) {
    const count = Math.min(Math.ceil(seconds * this.rateHz / BLOCK), this.#blocks.length);
    const found = new Float32Array(count * BLOCK);
    this.#blocks.slice(this.#blocks.length - count).forEach((block, i) => found.set(block, i * BLOCK));
    return found;
  }

  async stop() {
    for (const track of this.stream.getTracks()) track.stop();
    await this.context.close();
  }
}

const MICROPHONE_ERRORS = {
  NotAllowedError: "no microphone: this page may not use it; allow it in the browser, then try again",
  NotFoundError: "no microphone: none is connected",
  NotReadableError: "no microphone: another program is using it",
};
