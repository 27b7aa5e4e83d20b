// The state of the page, and the functions to call when it changes.

const state = {
  video: null, // from videoData, with lanes; null on the page of all videos
  subject: null, // the data that is counted: of the open video, or of all videos
  activations: null,
  time: 0,
  view: { start: 0, end: 1 },
  events: !heading.everything, // true: only events; false: all detections
  // true: each class is shown from the confidence that the model suggests for it
  suggested: !heading.everything && heading.suggests,
  minScore: -Infinity,
  onlyClass: -1, // index of a class, or -1
  level: heading.level,
  hidden: new Set(), // names of kinds
  selected: -1, // an item: detection i, n + j for marked segment j, n + m + k for correction k
  selectOwn: null, // the correction to select once it is among the items
};

const listeners = new Map();

/**
 * Calls `act` after each of the named events, separated by spaces: video, time, view, filter,
 * select, review, classes, play, look (theme or size).
 */
function on(events, act) {
  for (const event of events.split(" ")) {
    listeners.set(event, [...(listeners.get(event) ?? []), act]);
  }
}

function emit(event) {
  for (const act of listeners.get(event) ?? []) act();
}

const LEAST_VIEW = 0.5; // seconds

/** Shows [start, end), shifted into the video; the length of the view is kept if possible. */
function setView(start, end) {
  const duration = state.video.duration;
  const span = clamp(end - start, Math.min(LEAST_VIEW, duration), duration);
  const from = clamp(start, 0, duration - span);
  if (from === state.view.start && from + span === state.view.end) return;
  state.view = { start: from, end: from + span };
  emit("view");
}

/** Zooms so that `anchor` (seconds) keeps its place; a factor above 1 zooms in. */
function zoomBy(factor, anchor) {
  const { start, end } = state.view;
  const span = clamp((end - start) / factor, Math.min(LEAST_VIEW, state.video.duration), state.video.duration);
  const share = (anchor - start) / (end - start);
  setView(anchor - share * span, anchor + (1 - share) * span);
}

/** Centres the view on [start, end), widened if needed, unless all of it is in view already. */
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

/** Selects an item, shows it and moves the playhead to its start; announced unless `quiet`. */
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
