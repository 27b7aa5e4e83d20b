// The data of the page: a JSON heading, and packed arrays (see packing.py).

const heading = JSON.parse(byId("data-heading").textContent);
const ARRAYS = {
  u1: Uint8Array, i1: Int8Array, u2: Uint16Array, i4: Int32Array, f4: Float32Array, f8: Float64Array,
};
let corpus = null;

function bytesOf(id) {
  const text = byId(id).textContent;
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

async function unpack(id) {
  const stream = new Blob([bytesOf(id)]).stream().pipeThrough(new DecompressionStream("deflate"));
  const buffer = await new Response(stream).arrayBuffer();
  const size = 4 + new DataView(buffer).getUint32(0, true);
  const names = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, size - 4)));
  const found = {};
  for (const [name, [dtype, shape, offset]] of Object.entries(names)) {
    const count = shape.reduce((product, length) => product * length, 1);
    found[name] = new ARRAYS[dtype](buffer, size + offset, count);
  }
  return found;
}

/** The prefix of the arrays with judgements: among events only, or among all detections. */
const among = () => (state.events ? "event" : "det");

/** Views of one video's n detections and m marked segments; nothing is copied. */
function videoData(index) {
  const [first, last] = [index ? heading.detectionEnds[index - 1] : 0, heading.detectionEnds[index]];
  const [from, to] = [index ? heading.truthEnds[index - 1] : 0, heading.truthEnds[index]];
  return { index, ...heading.videos[index], ...segmentData(first, last, from, to) };
}

/** The same for all videos together. */
const corpusData = () => segmentData(0, corpus.det_start.length, 0, corpus.truth_start.length);

function segmentData(first, last, from, to) {
  const detections = (name, level = 0) => {
    const skip = level * corpus.det_start.length;
    return corpus[name].subarray(skip + first, skip + last);
  };
  const truths = (name, level = 0) => {
    const skip = level * corpus.truth_start.length;
    return corpus[name].subarray(skip + from, skip + to);
  };
  return {
    n: last - first,
    m: to - from,
    start: detections("det_start"),
    end: detections("det_end"),
    score: detections("det_score"),
    label: detections("det_label"),
    value: detections(heading.confident ? "det_confidence" : "det_score"),
    event: detections("det_event"),
    suggested: detections("det_suggested"),
    truthStart: truths("truth_start"),
    truthEnd: truths("truth_end"),
    truthLabel: truths("truth_label"),
    kind: (level) => (heading.kinds.length ? detections(`${among()}_kind`, level) : null),
    percent: (level) => (heading.kinds.length ? detections(`${among()}_percent`, level) : null),
    /** A function from marked segment j to the detection that takes it, or -1. */
    takenBy: (level) => {
      if (!heading.kinds.length) return () => -1;
      const rows = truths(`${among()}_taken`, level);
      return (j) => (rows[j] < 0 ? -1 : rows[j] - first);
    },
  };
}

/** The activations of a video, each row as a `Pyramid`; null if the page has none. */
async function videoActivations(index) {
  if (!heading.videos[index].activations) return null;
  const found = await unpack(`data-activations-${index}`);
  const length = found.foreground.length;
  const rows = new Map();
  found.labels.forEach((label, i) => {
    const values = found.rows.subarray(i * length, (i + 1) * length);
    rows.set(label, new Pyramid(values, found.ranges[2 * i], found.ranges[2 * i + 1]));
  });
  const [low, high] = found.foreground_range;
  return { rows, foreground: new Pyramid(found.foreground, low, high), seconds: found.snippet_seconds[0] };
}
