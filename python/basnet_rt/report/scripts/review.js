// The corrections of each video: segments that a person accepted, rejected, moved, relabelled or
// added. Predictions that nobody touched are not among them.

const REVIEW_DIGITS = 3; // milliseconds
const UNDO_STEPS = 200;

const review = {
  videos: new Map(), // index to {done, own: [{label, start, end, from}], rejected: Set of keys}
  undo: [],
  kept: true, // the browser stores the corrections
  exported: true, // nothing changed since the last export
};

const rounded = (seconds) => Number(seconds.toFixed(REVIEW_DIGITS));
const segmentKey = (label, start, end) => JSON.stringify([label, rounded(start), rounded(end)]);
const detectionKey = (video, i) => segmentKey(heading.classes[video.label[i]], video.start[i], video.end[i]);

function reviewOf(index) {
  if (!review.videos.has(index)) review.videos.set(index, { done: false, own: [], rejected: new Set() });
  return review.videos.get(index);
}

const isTouched = (entry) => entry.done || entry.own.length > 0 || entry.rejected.size > 0;

/** The state of a video's review: "reviewed", "begun" or "". */
function reviewState(index) {
  const entry = review.videos.get(index);
  if (!entry || !isTouched(entry)) return "";
  return entry.done ? "reviewed" : "begun";
}

/** The verdict on each detection of a video: "accepted", "changed", "rejected" or null. */
function verdicts(video) {
  const entry = reviewOf(video.index);
  const taken = new Map(entry.own.filter(({ from }) => from).map((mark) => [mark.from, mark]));
  return Array.from({ length: video.n }, (_, i) => {
    const key = detectionKey(video, i);
    if (entry.rejected.has(key)) return "rejected";
    const mark = taken.get(key);
    if (!mark) return null;
    return segmentKey(mark.label, mark.start, mark.end) === key ? "accepted" : "changed";
  });
}

const entryText = ({ done, own, rejected }) => JSON.stringify({ done, own, rejected: [...rejected] });
const entryOf = ({ done, own, rejected }) => ({ done: done === true, own, rejected: new Set(rejected) });

/** Changes the open video's corrections by `act(entry)`, and announces the text that it returns. */
function correct(act) {
  const { index } = state.video;
  const before = entryText(reviewOf(index));
  const said = act(reviewOf(index));
  if (entryText(reviewOf(index)) !== before) {
    review.undo.push([index, before]);
    if (review.undo.length > UNDO_STEPS) review.undo.shift();
    keepReview();
    emit("review");
  }
  if (said) announce(said);
}

function undoCorrection() {
  if (!review.undo.length) return announce("Nothing to undo.");
  const [index, before] = review.undo.pop();
  review.videos.set(index, entryOf(JSON.parse(before)));
  keepReview();
  state.selected = -1;
  if (state.video?.index !== index) location.hash = hashOf(index);
  emit("review");
  announce("Undone.");
}

/**
 * The name under which the browser stores the corrections. Pages with the same title and videos
 * share it, so the page of another model continues the same review.
 */
function reviewName() {
  let hash = 2166136261;
  for (const letter of JSON.stringify([heading.title, heading.videos.map(({ name }) => name)])) {
    hash = Math.imul(hash ^ letter.codePointAt(0), 16777619) >>> 0;
  }
  return `review.${hash.toString(16)}`;
}

function keepReview() {
  const found = Object.create(null); // a video may be named "__proto__"
  for (const [index, entry] of review.videos) {
    if (isTouched(entry)) found[heading.videos[index].name] = JSON.parse(entryText(entry));
  }
  review.exported = false;
  review.kept = memory.set(reviewName(), JSON.stringify(found));
}

function recallReview() {
  const text = memory.get(reviewName());
  if (!text) return;
  try {
    const found = JSON.parse(text);
    heading.videos.forEach(({ name }, index) => {
      if (Object.hasOwn(found, name)) review.videos.set(index, entryOf(found[name]));
    });
  } catch { /* stored by another version */ }
  for (const { own } of review.videos.values()) own.forEach(({ label }) => classId(label));
}

/** The index of a class; a new name is added to the classes. */
function classId(label) {
  const known = heading.classes.indexOf(label);
  if (known >= 0) return known;
  heading.classes.push(label);
  emit("classes");
  return heading.classes.length - 1;
}

/** The exported file: ground truth of reviewed videos, and separately unfinished corrections. */
function reviewExport() {
  const database = Object.create(null);
  const unfinished = Object.create(null);
  for (const [index, entry] of [...review.videos].sort(([a], [b]) => a - b)) {
    if (!isTouched(entry)) continue;
    const { name, duration, guessed } = heading.videos[index];
    const annotations = [...entry.own].sort((a, b) => a.start - b.start || a.end - b.end)
      .map(({ label, start, end }) => ({ label, segment: [rounded(start), rounded(end)] }));
    const known = guessed ? {} : { duration };
    if (entry.done) database[name] = { ...known, reviewed: true, annotations };
    else unfinished[name] = { ...known, annotations, rejected: [...entry.rejected].map(fromKey) };
  }
  const simulated = heading.simulated ? { simulated: true } : {};
  return { version: "basnet_rt report", ...simulated, database, unfinished };
}

function fromKey(key) {
  const [label, start, end] = JSON.parse(key);
  return { label, segment: [start, end] };
}

/** Reads an exported file, and returns the number of its videos; other videos stay unchanged. */
function importReview(content) {
  let count = 0;
  heading.videos.forEach(({ name }, index) => {
    const [whole, part] = [content.database?.[name], content.unfinished?.[name]];
    if (whole?.reviewed !== true && !part) return;
    const entry = whole?.reviewed === true ? whole : part;
    const own = entry.annotations.map(({ label, segment: [start, end] }) => {
      classId(label);
      return { label, start, end, from: segmentKey(label, start, end) };
    });
    const rejected = (entry.rejected ?? []).map(({ label, segment }) => segmentKey(label, ...segment));
    review.videos.set(index, { done: whole?.reviewed === true, own, rejected: new Set(rejected) });
    count++;
  });
  if (count) keepReview();
  return count;
}
