// Which items are shown: by score, by kind, at which tIoU they are judged; and how many there are.

const HISTOGRAM_BINS = 60;

/** Writes state.shown (Uint8Array of items), .items (shown ones of a video by time), .counts. */
function refilter() {
  const video = state.subject;
  const [kinds, taken] = [video.kind(state.level), video.taken(state.level)];
  const counts = Object.fromEntries(ALL_KINDS.map((kind) => [kind, 0]));
  const shown = new Uint8Array(video.n + video.m);
  let above = 0;
  for (let i = 0; i < video.n; i++) {
    if (!(video.score[i] >= state.minScore)) continue;
    above++;
    if (kinds) counts[heading.kinds[kinds[i]]]++;
    shown[i] = !kinds || !state.hidden.has(heading.kinds[kinds[i]]) ? 1 : 0;
  }
  video.missed = new Uint8Array(video.m);
  for (let j = 0; j < video.m; j++) {
    if (taken[j] >= state.minScore) continue; // NaN: no detection takes it
    video.missed[j] = 1;
    counts.missed++;
    shown[video.n + j] = state.hidden.has("missed") ? 0 : 1;
  }
  const items = state.video ? video.byTime.filter((item) => shown[item]) : [];
  Object.assign(state, { shown, items, counts, above });
}

/** Slider steps that a person reads easily: 1, 2 or 5 times a power of ten. */
function niceStep(range, parts) {
  const rough = range / parts;
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
}

const scoreRange = { low: 0, high: 1, step: 0.005, digits: 3 };

function setUpScoreSlider() {
  let [low, high] = [Infinity, -Infinity];
  for (const score of corpus.det_score) {
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
  // Scores are float32: what reads as 0.9 must pass 0.9.
  state.minScore = rounded <= low + step / 2 ? -Infinity : Math.fround(Number(rounded.toFixed(digits + 2)));
  byId("score").value = rounded;
  emit("filter");
}

function moveMinScore(steps) {
  setMinScore(Number(byId("score").value) + steps * scoreRange.step);
}

function showCounts() {
  const { low, digits } = scoreRange;
  const text = Math.max(state.minScore, low).toFixed(digits);
  byId("score-value").textContent = text;
  byId("score").setAttribute("aria-valuetext", `score at least ${text}`);
  const all = state.subject.n;
  let shown = 0;
  for (let i = 0; i < all; i++) shown += state.shown[i];
  byId("counts").replaceChildren(
    element("strong", { text: countText(shown) }), ` of ${countText(all)}`,
  );
  for (const kind of ALL_KINDS) byId(`count-${kind}`).textContent = countText(state.counts[kind]);
  announce(`${countText(shown)} of ${manyText(all, "detection")} shown, score at least ${text}`);
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

/** How the scores are spread, above the slider; what is cut off is pale. */
function drawHistogram() {
  const canvas = byId("score-histogram");
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (!state.subject || !width) return;
  const bins = new Array(HISTOGRAM_BINS).fill(0);
  const span = scoreRange.high - scoreRange.low || 1;
  for (const score of state.subject.score) {
    bins[clamp(Math.floor(((score - scoreRange.low) / span) * HISTOGRAM_BINS), 0, HISTOGRAM_BINS - 1)]++;
  }
  const context = fitCanvas(canvas, width, height);
  const most = Math.max(1, ...bins);
  bins.forEach((count, i) => {
    const tall = count ? Math.max(1.5, (height * Math.sqrt(count)) / Math.sqrt(most)) : 0;
    const inside = scoreRange.low + ((i + 0.5) / HISTOGRAM_BINS) * span >= state.minScore;
    context.fillStyle = inside ? colours.accent : colours.line;
    context.fillRect((i * width) / HISTOGRAM_BINS, height - tall, width / HISTOGRAM_BINS - 1, tall);
  });
}
