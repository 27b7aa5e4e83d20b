// All keys in one table, from which the help is made and key presses are handled.

const SCORE_KEY_STEPS = 4;

const KEYS = [
  { keys: [" ", "k"], shown: ["Space", "k"], does: "Play or pause", act: () => player.toggle() },
  { keys: ["ArrowLeft", "ArrowRight"], shown: ["←", "→"], does: "One second back or on; with Shift ten", act: (event) => player.seek(state.time + (event.key === "ArrowRight" ? 1 : -1) * (event.shiftKey ? 10 : 1)) },
  { keys: [",", "."], shown: [",", "."], does: "One snippet back or on (1/25 s without activations)", act: (event) => player.seek(state.time + (event.key === "." ? 1 : -1) * (state.activations?.seconds ?? 0.04)) },
  { keys: ["Home", "End"], shown: ["Home", "End"], does: "To the beginning or the end", act: (event) => { player.seek(event.key === "Home" ? 0 : state.video.duration); reveal(state.time, state.time); } },
  { keys: ["n"], shown: ["n"], does: "Next segment that is shown", act: () => stepSegment(1) },
  { keys: ["p"], shown: ["p"], does: "Previous segment that is shown", act: () => stepSegment(-1) },
  { keys: ["m"], shown: ["m"], does: "Next missed segment", act: () => stepSegment(1, (item) => item >= state.video.n && !isOwn(item)) },
  { keys: ["a"], shown: ["a"], does: "Accept the segment, and go to the next one without a verdict", act: () => acceptSelected() },
  { keys: ["x", "Delete"], shown: ["x"], does: "Reject the segment, and go to the next one", act: () => rejectSelected() },
  { keys: ["i"], shown: ["i"], does: "The segment starts at the playhead", act: () => edgeHere("start") },
  { keys: ["o"], shown: ["o"], does: "The segment ends at the playhead", act: () => edgeHere("end") },
  { keys: ["l"], shown: ["l"], does: "Give the segment another class", act: () => { byId("relabel").focus(); byId("relabel").select(); } },
  { keys: ["s"], shown: ["s"], does: "Add a segment at the playhead", act: () => addSegment(state.time, state.time + NEW_SECONDS) },
  { keys: ["r"], shown: ["r"], does: "The whole video is reviewed, or is not", act: () => toggleReviewed() },
  { keys: ["u"], shown: ["u"], does: "Undo", act: () => undoCorrection() },
  { keys: ["e"], shown: ["e"], does: "Export the corrections", act: () => exportReview(), everywhere: true },
  { keys: ["+", "="], shown: ["+"], does: "Zoom in around the playhead", act: () => zoomBy(1.6, zoomAnchor()) },
  { keys: ["-", "_"], shown: ["−"], does: "Zoom out", act: () => zoomBy(1 / 1.6, zoomAnchor()) },
  { keys: ["0"], shown: ["0"], does: "Show the whole video", act: () => setView(0, state.video.duration) },
  { keys: ["z"], shown: ["z"], does: "Zoom to the selected segment", act: zoomToSegment },
  { keys: ["["], shown: ["["], does: "Show lower scores too", act: () => moveMinScore(-SCORE_KEY_STEPS) },
  { keys: ["]"], shown: ["]"], does: "Hide the lowest scores", act: () => moveMinScore(SCORE_KEY_STEPS) },
  { keys: ["t"], shown: ["t"], does: "Theme: system, light, dark", act: () => nextTheme(), everywhere: true },
  { keys: ["?"], shown: ["?"], does: "This list", act: openHelp, everywhere: true },
];

/** The time to zoom around: the playhead if it is in view, else the middle of the view. */
function zoomAnchor() {
  const { start, end } = state.view;
  return state.time >= start && state.time <= end ? state.time : (start + end) / 2;
}

function zoomToSegment() {
  if (state.selected < 0) return announce("No segment is selected.");
  const [start, end] = itemSpan(state.selected);
  const margin = Math.max((end - start) * 0.5, 1);
  setView(start - margin, end + margin);
}

function openHelp() {
  if (!byId("help").open) byId("help").showModal();
}

const TYPED_INTO = "input, select, textarea, [contenteditable]";

/** True if the focused element, the open help or the browser handles this key. */
function isTaken(event) {
  const target = event.target;
  if (byId("help").open || event.ctrlKey || event.metaKey || event.altKey) return true;
  if (target.matches(TYPED_INTO)) return !(target.type === "range" && /^[a-z?+\-=0[\],.]$/.test(event.key));
  if (event.key === " ") return target.matches("button, a, summary");
  return target.matches(".grid") && /^(Arrow|Home|End|Page)/.test(event.key);
}

function pressedKey(event) {
  if (isTaken(event)) return;
  const entry = KEYS.find(({ keys }) => keys.includes(event.key));
  if (event.type === "keydown" && event.repeat && "axlsrue".includes(event.key)) return;
  const onTimeline = byId("surface").contains(event.target);
  if (!entry || (!state.video && !entry.everywhere)) return;
  if (!byId("letters").checked && !onTimeline && event.key.length === 1 && event.key !== " ") return;
  event.preventDefault();
  entry.act(event);
}

function setUpKeyboard() {
  document.addEventListener("keydown", pressedKey);
  byId("surface").addEventListener("keydown", (event) => {
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    event.preventDefault();
    byId("lanes").scrollTop += event.key === "ArrowDown" ? 60 : -60;
  });
  byId("help-keys").replaceChildren(...KEYS.map(({ shown, does }) => element("tr", {},
    element("th", { scope: "row" }, ...shown.flatMap((key, i) => [i ? " " : "", element("kbd", { text: key })])),
    element("td", { text: does }))));
  byId("help-open").addEventListener("click", openHelp);
  byId("help-close").addEventListener("click", () => byId("help").close());
  byId("letters").checked = memory.get("letters") !== "off";
  byId("letters").addEventListener("change", (event) => memory.set("letters", event.target.checked ? "on" : "off"));
}
