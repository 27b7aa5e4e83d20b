// Connects the other scripts: themes, the open video, and the drawing after each event.

const player = new Player(byId("video"));
const THEMES = ["system", "light", "dark"];
const systemIsDark = window.matchMedia("(prefers-color-scheme: dark)");

const redrawTimeline = oncePerFrame(drawTimeline);
const redrawOverlay = oncePerFrame(drawOverlay);
const redrawMinimap = oncePerFrame(drawMinimap);
const repaintMinimap = oncePerFrame(paintMinimap);
const redrawHistogram = oncePerFrame(drawHistogram);
// Milliseconds between updates of a table: tables take longer to draw than pictures, and nobody
// reads them while they change.
const TABLE_PAUSE = 80;
const relistSegments = seldom(showSegments, TABLE_PAUSE);
const recountClasses = seldom(showClasses, TABLE_PAUSE);
const relistVideos = seldom(() => videoGrid && state.subject && showVideos(), TABLE_PAUSE);

let theme = THEMES.includes(memory.get("theme")) ? memory.get("theme") : "system";

function applyTheme() {
  const dark = theme === "dark" || (theme === "system" && systemIsDark.matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  byId("theme").textContent = `Theme: ${theme}`;
  readColours();
  emit("look");
}

function nextTheme() {
  theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
  memory.set("theme", theme);
  applyTheme();
  announce(`Theme: ${theme}`);
}

const hashOf = (index) => `#video=${encodeURIComponent(heading.videos[index].name)}`;

/** Index of the video named in the address, or of the only video; -1 for the page of all videos. */
function videoOfHash() {
  const [, name] = /^#video=(.*)$/.exec(location.hash) ?? [];
  if (name === undefined) return heading.videos.length === 1 ? 0 : -1;
  let wanted = name;
  try { wanted = decodeURIComponent(name); } catch { /* malformed: no video has that name */ }
  return heading.videos.findIndex((video) => video.name === wanted);
}

async function route() {
  if (location.hash === "#main") return;
  const index = videoOfHash();
  if (index >= 0) return openVideo(index);
  if (state.video) player.pause();
  Object.assign(state, { video: null, subject: corpusData(), selected: -1 });
  refilter();
  byId("view").hidden = true;
  byId("overview").hidden = false;
  if (byId("video-picker")) byId("video-picker").value = "";
  document.title = heading.title;
  delete document.documentElement.dataset.ready;
  emit("video");
  document.documentElement.dataset.ready = "all";
}

async function openVideo(index) {
  const activations = await videoActivations(index);
  if (videoOfHash() !== index) return; // another one was opened meanwhile
  const video = videoData(index);
  Object.assign(state, { video, subject: video, activations, selected: -1, time: 0 });
  state.view = { start: 0, end: video.duration };
  applyReview();
  byId("overview").hidden = true;
  byId("view").hidden = false;
  byId("video-name").textContent = state.video.name;
  document.title = heading.videos.length > 1 ? `${state.video.name} – ${heading.title}` : heading.title;
  if (heading.videos.length > 1) showPlace(index);
  refilter();
  layOutTimeline();
  player.open();
  emit("video");
  document.documentElement.dataset.ready = state.video.name;
}

function showPlace(index) {
  byId("video-picker").value = index;
  byId("video-before").disabled = index === 0;
  byId("video-after").disabled = index === heading.videos.length - 1;
}

function showTime() {
  if (!state.video) return;
  byId("clock-now").textContent = byId("no-video-time").textContent = clockText(state.time);
  const { guessed } = heading.videos[state.video.index];
  byId("clock-end").textContent = `${guessed ? "≥ " : ""}${clockText(state.video.duration)}`;
  byId("clock-end").title = guessed ? GUESSED : "";
  if (!player.playing) describePosition();
}

function showPlaying() {
  byId("play").textContent = player.playing ? "Pause" : "Play";
  if (!player.playing && state.video) describePosition();
}

function showLegend() {
  const entries = [];
  const add = (text, kind, colour) => {
    const swatch = element("span", { class: `swatch ${kind}` });
    swatch.style.setProperty("--swatch", `var(--${colour})`);
    entries.push(element("li", {}, swatch, element("span", { text })));
  };
  if (judged) add("marked", "", "marked");
  if (state.video?.own.length) add("yours", "", "yours");
  add("found", "", judged ? "correct" : "plain");
  if (state.activations) add("activation", "line", "curve");
  if (state.activations && heading.thresholds.length) add("thresholds", "dashes", "threshold");
  if (state.activations) add("foreground weight", "line", "foreground");
  byId("legend").replaceChildren(...entries);
}

function setUpButtons() {
  const click = (id, act) => byId(id)?.addEventListener("click", act);
  const middle = () => (state.view.start + state.view.end) / 2;
  click("theme", nextTheme);
  click("play", () => player.toggle());
  click("segment-before", () => stepSegment(-1));
  click("segment-after", () => stepSegment(1));
  click("zoom-in", () => zoomBy(1.6, middle()));
  click("zoom-out", () => zoomBy(1 / 1.6, middle()));
  click("zoom-all", () => setView(0, state.video.duration));
  click("zoom-segment", zoomToSegment);
  click("video-before", () => { location.hash = hashOf(state.video.index - 1); });
  click("video-after", () => { location.hash = hashOf(state.video ? state.video.index + 1 : 0); });
  click("mute", () => {
    player.video.muted = !player.video.muted;
    byId("mute").setAttribute("aria-pressed", String(player.video.muted));
  });
  byId("speed").addEventListener("change", (event) => player.setRate(Number(event.target.value)));
}

function setUpPicker() {
  const picker = byId("video-picker");
  if (!picker) return;
  picker.append(element("option", { value: "", text: "All videos" }));
  heading.videos.forEach((video, i) => picker.append(element("option", { value: i, text: video.name })));
  picker.addEventListener("change", () => { location.hash = picker.value === "" ? "#videos" : hashOf(Number(picker.value)); });
}

function showProvenance() {
  const parts = [heading.model && `model ${heading.model}`, heading.mode !== "unknown" && `mode ${heading.mode}`, heading.simulated && "simulated features"];
  byId("provenance").textContent = parts.filter(Boolean).join(" · ");
}

function connect() {
  on("video filter look", () => { redrawTimeline(); repaintMinimap(); redrawHistogram(); });
  on("view", () => { redrawTimeline(); redrawMinimap(); redrawOverlay(); });
  on("time", () => { showTime(); redrawOverlay(); redrawMinimap(); });
  on("select", () => { redrawTimeline(); segmentGrid.setCurrent(state.selected); showSelection(); });
  on("filter", () => { refilter(); layOutTimeline(); showCounts(); relistSegments(); recountClasses(); relistVideos(); showSelection(); });
  on("review", () => { applyReview(); refilter(); layOutTimeline(); showReview(); showLegend(); redrawTimeline(); repaintMinimap(); relistSegments(); relistVideos(); });
  on("classes", () => { listClasses(); listClassNames(); });
  on("video", () => { showReview(); showCounts(); showSegments(); showVideos(); showClasses(); showLegend(); showTime(); redrawOverlay(); });
  on("look", () => { redrawOverlay(); relistVideos(); });
  on("play", showPlaying);
  systemIsDark.addEventListener("change", applyTheme);
  window.addEventListener("hashchange", route);
  const resized = new ResizeObserver(oncePerFrame(refit));
  for (const id of ["lanes", "video-grid"]) resized.observe(byId(id));
  for (const width of [520, 900]) window.matchMedia(`(max-width: ${width}px)`).addEventListener("change", refitColumns);
}

let fitted = "";

/**
 * Lays out and draws again if one of three sizes has changed. Other changes do not matter: tables
 * grow and shrink with every filter.
 */
function refit() {
  const size = [byId("lanes").clientWidth, byId("lanes").clientHeight, byId("video-grid").clientWidth].join();
  if (size === fitted) return;
  fitted = size;
  layOutTimeline();
  emit("look");
}

function refitColumns() {
  segmentGrid.setColumns(segmentColumns());
  videoGrid.setColumns(videoColumns());
  showSegments();
  relistVideos();
}

async function start() {
  applyTheme();
  corpus = await unpack("data-corpus");
  setUpScoreSlider();
  recallReview();
  setUpKinds();
  setUpViews();
  setUpReview();
  setUpSegmentList();
  setUpDefinitions();
  setUpTimelineInput();
  setUpMinimap();
  setUpKeyboard();
  setUpButtons();
  setUpPicker();
  setUpOverview();
  showProvenance();
  connect();
  await route();
  requestAnimationFrame(() => performance.mark("drawn")); // after the drawing requested before
}

start();
