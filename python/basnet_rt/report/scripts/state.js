// What is being looked at, and who wants to know when it changes.

const state = {
  video: null, // from videoData, with lanes; null on the page of all videos
  subject: null, // what is counted: the video, or all of them
  activations: null,
  time: 0,
  view: { start: 0, end: 1 },
  events: !heading.everything, // the events alone, or all detections
  suggested: !heading.everything && heading.suggests, // of each class from the confidence that the model suggests
  minScore: -Infinity,
  onlyClass: -1, // index of a class, or -1
  level: heading.level,
  hidden: new Set(), // names of kinds
  selected: -1, // an item: detection i, n + j for marked segment j, n + m + k for correction k
  selectOwn: null, // the correction to select once it is among the items
};

const listeners = new Map();

/** Events: video, time, view, filter, select, review, classes, look (theme or size). */
function on(events, act) {
  for (const event of events.split(" ")) {
    listeners.set(event, [...(listeners.get(event) ?? []), act]);
  }
}

function emit(event) {
  for (const act of listeners.get(event) ?? []) act();
}

const LEAST_VIEW = 0.5; // seconds

/** Shows [start, end) as well as it fits into the video; the span is kept where possible. */
function setView(start, end) {
  const duration = state.video.duration;
  const span = clamp(end - start, Math.min(LEAST_VIEW, duration), duration);
  const from = clamp(start, 0, duration - span);
  if (from === state.view.start && from + span === state.view.end) return;
  state.view = { start: from, end: from + span };
  emit("view");
}

/** Zooms in by a factor above 1 so that `anchor` (seconds) stays where it is. */
function zoomBy(factor, anchor) {
  const { start, end } = state.view;
  const span = clamp((end - start) / factor, Math.min(LEAST_VIEW, state.video.duration), state.video.duration);
  const share = (anchor - start) / (end - start);
  setView(anchor - share * span, anchor + (1 - share) * span);
}

/** Moves the view, as little as it takes, so that [start, end) is inside. */
function reveal(start, end) {
  const { start: from, end: to } = state.view;
  if (start >= from && end <= to) return;
  const span = Math.max(to - from, (end - start) * 1.25);
  const middle = (start + end) / 2;
  setView(middle - span / 2, middle + span / 2);
}

/** The span of an item: a detection, a marked segment, or a correction. */
function itemSpan(item) {
  const video = state.video;
  if (item < video.n) return [video.start[item], video.end[item]];
  if (isOwn(item)) return [video.own[ownIndex(item)].start, video.own[ownIndex(item)].end];
  return [video.truthStart[item - video.n], video.truthEnd[item - video.n]];
}

function itemLabel(item) {
  const video = state.video;
  if (isOwn(item)) return video.own[ownIndex(item)].label;
  const id = item < video.n ? video.label[item] : video.truthLabel[item - video.n];
  return heading.classes[id];
}

/** Selects an item, moves the playhead to its start and shows it; `quiet` does not speak. */
function select(item, quiet = false) {
  state.selected = item;
  if (item >= 0) {
    const [start, end] = itemSpan(item);
    reveal(start, end);
    player.seek(start);
    if (!quiet) announce(itemText(item));
  }
  emit("select");
}
