// The filters of items (events, score, class, kind), the tIoU for judging them, and the counts.

const HISTOGRAM_BINS = 60;

/** True if a detection passes the filter of events and the least score or confidence. */
const reaches = (video, i) => (!state.events || video.event[i] === 1)
  && (state.suggested ? video.suggested[i] === 1 : video.value[i] >= state.minScore);
const isChosen = (label) => state.onlyClass < 0 || label === state.onlyClass;
const passes = (video, i) => isChosen(video.label[i]) && reaches(video, i);

/**
 * Sets state.shown (Uint8Array over items), .items (shown items of the open video, by time),
 * .counts (by kind), .above (number of detections that pass) and .marked.
 */
function refilter() {
  const video = state.subject;
  const [kinds, takenBy] = [video.kind(state.level), video.takenBy(state.level)];
  const counts = Object.fromEntries(ALL_KINDS.map((kind) => [kind, 0]));
  if (state.video) arrangeLanes(video);
  const own = state.video ? video.own : [];
  const shown = new Uint8Array(video.n + video.m + own.length);
  let [above, marked] = [0, 0];
  for (let i = 0; i < video.n; i++) {
    if (!passes(video, i)) continue;
    above++;
    if (kinds) counts[heading.kinds[kinds[i]]]++;
    shown[i] = !kinds || !state.hidden.has(heading.kinds[kinds[i]]) ? 1 : 0;
  }
  video.missed = new Uint8Array(video.m);
  for (let j = 0; j < video.m; j++) {
    if (!isChosen(video.truthLabel[j])) continue;
    marked++;
    const i = takenBy(j);
    if (i >= 0 && reaches(video, i)) continue;
    video.missed[j] = 1;
    counts.missed++;
    shown[video.n + j] = state.hidden.has("missed") ? 0 : 1;
  }
  own.forEach(({ label }, k) => { shown[video.n + video.m + k] = isChosen(heading.classes.indexOf(label)) ? 1 : 0; });
  const items = state.video ? itemsByTime(video).filter((item) => shown[item] && !isReplaced(video, item)) : [];
  Object.assign(state, { shown, items, counts, above, marked });
}

/** True for a detection that a correction replaces. */
const isReplaced = (video, item) => item < video.n && ["accepted", "changed"].includes(video.verdict[item]);

function itemsByTime(video) {
  const items = Array.from({ length: video.n + video.m + video.own.length }, (_, item) => item);
  const starts = items.map((item) => itemSpan(item)[0]);
  return items.sort((a, b) => starts[a] - starts[b] || a - b);
}

/** Precision, recall and F1 from three counts, each in [0, 1] or null. */
function quality({ correct: right, found, marked }) {
  const precision = found ? right / found : null;
  const recall = marked ? right / marked : null;
  const both = precision === null || recall === null ? null : precision + recall;
  return { precision, recall, f1: both ? (2 * precision * recall) / both : both };
}

function showQuality() {
  if (!judged) return;
  const { precision, recall, f1 } = quality({ correct: state.counts.correct, found: state.above, marked: state.marked });
  byId("quality").replaceChildren(...[["Precision", precision], ["Recall", recall], ["F1", f1]]
    .flatMap(([name, value]) => [element("span", { text: `${name} ` }, element("b", { text: percentText(value) })), " "]));
}

/** A step that is easy to read: 1, 2 or 5 times a power of ten. */
function niceStep(range, parts) {
  const rough = range / parts;
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
}

const scoreRange = { low: 0, high: 1, step: 0.005, digits: 3 };

function setUpScoreSlider() {
  let [low, high] = [Infinity, -Infinity];
  for (const score of heading.confident ? corpus.det_confidence : corpus.det_score) {
    if (score < low) low = score;
    if (score > high) high = score;
  }
  if (low > high) [low, high] = [0, 1];
  const step = niceStep(Math.max(high - low, 1e-6), 200);
  Object.assign(scoreRange, {
    step,
    low: Math.floor(low / step) * step,
    high: Math.ceil(high / step) * step,
    digits: clamp(Math.ceil(-Math.log10(step) - 1e-9), 0, 8),
  });
  const slider = byId("score");
  Object.assign(slider, { min: scoreRange.low, max: scoreRange.high, step: "any", value: scoreRange.low });
  byId("score-name").textContent = heading.confident ? "Confidence" : "Score";
  slider.addEventListener("input", () => setMinScore(Number(slider.value)));
  slider.addEventListener("keydown", (event) => {
    const steps = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
    if (!steps) return;
    event.preventDefault();
    moveMinScore(steps);
  });
}

function setMinScore(value) {
  const { low, high, step, digits } = scoreRange;
  const rounded = clamp(Math.round((value - low) / step) * step + low, low, high);
  // Scores are float32: a score shown as 0.9 must pass a least score of 0.9.
  state.suggested = false;
  state.minScore = rounded <= low + step / 2 ? -Infinity : Math.fround(Number(rounded.toFixed(digits + 2)));
  byId("score").value = rounded;
  emit("filter");
}

function moveMinScore(steps) {
  setMinScore(Number(byId("score").value) + steps * scoreRange.step);
}

function showCounts() {
  const { low, digits } = scoreRange;
  const least = Math.max(state.minScore, low).toFixed(digits);
  const text = state.suggested ? "suggested" : least;
  byId("score-value").textContent = text;
  byId("score").setAttribute("aria-valuetext", state.suggested ? "as the model suggests" : `${measure()} at least ${least}`);
  if (state.suggested) byId("score").value = leastSuggested();
  showView();
  showQuality();
  let [all, shown] = [0, 0];
  for (let i = 0; i < state.subject.n; i++) {
    shown += state.shown[i];
    all += !state.events || state.subject.event[i] ? 1 : 0;
  }
  byId("counts").replaceChildren(
    element("strong", { text: countText(shown) }), ` of ${countText(all)}`,
  );
  for (const kind of ALL_KINDS) byId(`count-${kind}`).textContent = countText(state.counts[kind]);
  announce(`${countText(shown)} of ${manyText(all, state.events ? "event" : "detection")} shown, ${state.suggested ? "as suggested" : `${measure()} at least ${least}`}`);
}

const measure = () => (heading.confident ? "confidence" : "score");

/** Shows the state of the view on its buttons and its list of classes. */
function showView() {
  byId("view-events").setAttribute("aria-pressed", String(state.events));
  byId("view-all").setAttribute("aria-pressed", String(!state.events));
  byId("suggested").setAttribute("aria-pressed", String(state.suggested));
  byId("suggested").hidden = !heading.suggests;
  byId("only-class").value = state.onlyClass;
}

/** Shows only events, from the suggested confidence on, or all detections with any score. */
function chooseView(events) {
  state.events = events;
  setMinScore(scoreRange.low);
  state.suggested = events && heading.suggests;
  emit("filter");
}

function setUpViews() {
  byId("view-events").addEventListener("click", () => chooseView(true));
  byId("view-all").addEventListener("click", () => chooseView(false));
  byId("suggested").addEventListener("click", () => {
    setMinScore(scoreRange.low);
    state.suggested = true;
    emit("filter");
  });
  byId("only-class").addEventListener("change", (event) => chooseClass(Number(event.target.value)));
  listClasses();
}

/** Fills the list of classes to choose from, sorted by name. */
function listClasses() {
  const names = heading.classes.map((name, i) => [name, i]).sort(([a], [b]) => (a < b ? -1 : 1));
  byId("only-class").replaceChildren(element("option", { value: -1, text: "All classes" }),
    ...names.map(([text, value]) => element("option", { value, text })));
  byId("only-class").value = state.onlyClass;
}

/** Shows only one class, given by its index; -1 shows all. */
function chooseClass(label) {
  state.onlyClass = label;
  if (state.selected >= 0 && label >= 0 && itemLabel(state.selected) !== heading.classes[label]) state.selected = -1;
  emit("filter");
}

function setUpKinds() {
  for (const kind of ALL_KINDS) {
    const chip = element("button", { type: "button", class: "chip", id: `kind-${kind}`, "aria-pressed": "true", title: KIND_LOOKS[kind][2] },
      kindMark(kind), element("span", { class: "chip-name", text: kindName(kind) }), element("b", { id: `count-${kind}` }));
    chip.addEventListener("click", () => {
      if (!state.hidden.delete(kind)) state.hidden.add(kind);
      chip.setAttribute("aria-pressed", String(!state.hidden.has(kind)));
      emit("filter");
    });
    byId("kinds").append(chip);
  }
  byId("kinds").hidden = !judged;
  if (!judged) return;
  heading.levels.forEach((level, i) => byId("level").append(element("option", { value: i, text: level.toFixed(2) })));
  byId("level").value = state.level;
  byId("level").addEventListener("change", (event) => {
    state.level = Number(event.target.value);
    emit("filter");
  });
}

/** The lowest confidence of a suggested detection. The suggested thresholds differ by class. */
function leastSuggested() {
  let least = scoreRange.high;
  corpus.det_suggested.forEach((one, i) => { if (one) least = Math.min(least, corpus.det_confidence[i]); });
  return least;
}

/** Draws a histogram of the scores above the slider; bars below the least score are pale. */
function drawHistogram() {
  const canvas = byId("score-histogram");
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (!state.subject || !width) return;
  const bins = new Array(HISTOGRAM_BINS).fill(0);
  const span = scoreRange.high - scoreRange.low || 1;
  for (const score of state.subject.value) {
    bins[clamp(Math.floor(((score - scoreRange.low) / span) * HISTOGRAM_BINS), 0, HISTOGRAM_BINS - 1)]++;
  }
  const context = fitCanvas(canvas, width, height);
  const most = Math.max(1, ...bins);
  const least = state.suggested ? leastSuggested() : state.minScore;
  bins.forEach((count, i) => {
    const tall = count ? Math.max(1.5, (height * Math.sqrt(count)) / Math.sqrt(most)) : 0;
    const inside = scoreRange.low + ((i + 0.5) / HISTOGRAM_BINS) * span >= least;
    context.fillStyle = inside ? colours.accent : colours.line;
    context.fillRect((i * width) / HISTOGRAM_BINS, height - tall, width / HISTOGRAM_BINS - 1, tall);
  });
}
