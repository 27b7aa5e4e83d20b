// One lane for each class of a video: marked segments above, detections in rows, activations below.

const LANE = {
  wide: 700, // from this width on, names are in a gutter instead of above the lane
  gutter: 132,
  pad: 10, // space at the right edge, and at the left edge if there is no gutter
  title: 18,
  top: 8,
  truth: 12,
  own: 13, // corrections
  gap: 3,
  row: 15,
  rows: 4, // most rows of detections; further overlapping ones go into the last row
  curve: 46,
  bottom: 9,
  foreground: 34,
};

const LANES_ALONE = 3; // number of lanes with only activations, shown if no other lane is

/** Sets video.lanes: lanes with something to show, of the chosen class or of all classes. */
function arrangeLanes(video) {
  const arranged = `${state.events} ${state.level}`;
  if (video.arranged !== arranged) {
    prepareLanes(video);
    video.arranged = arranged;
  }
  const own = new Map(); // class to indices among the corrections
  video.own.forEach(({ label }, k) => own.set(label, [...(own.get(label) ?? []), k]));
  for (const [label] of own) {
    if (!video.everyLane.some((lane) => lane.name === label)) video.everyLane.push(classLane(video, classId(label)));
  }
  for (const lane of video.everyLane) lane.own = own.get(lane.name) ?? [];
  const chosen = video.everyLane.filter((lane) => isChosen(lane.label));
  const full = chosen.filter((lane) => !state.events || lane.truths.length || lane.own.length
    || lane.detections.some((i) => reaches(video, i)));
  video.lanes = full.length ? full : chosen.filter((lane) => lane.curve).slice(0, LANES_ALONE);
}

/** Prepares the parts of the lanes that do not depend on the least score. */
function prepareLanes(video) {
  const labels = new Set([...video.label, ...video.truthLabel]);
  for (const label of state.activations?.rows.keys() ?? []) if (label < heading.classes.length) labels.add(label);
  video.rowOf = new Uint8Array(video.n);
  video.everyLane = [...labels].sort((a, b) => a - b).map((label) => classLane(video, label));
}

function classLane(video, label) {
  const kinds = video.kind(state.level);
  const isRight = (i) => (kinds && kinds[i] === 0 ? 1 : 0);
  // Correct detections come first: no false one with a higher score takes their row or covers them.
  const detections = indices(video.label, label).filter((i) => !state.events || video.event[i])
    .sort((a, b) => isRight(b) - isRight(a) || video.score[b] - video.score[a] || a - b);
  const truths = indices(video.truthLabel, label);
  return {
    label,
    name: heading.classes[label],
    rows: packRows(video, detections),
    detections: detections.reverse(), // best last, so that it is drawn on top
    own: [],
    truths,
    curve: state.activations?.rows.get(label) ?? null,
  };
}

function indices(labels, label) {
  const found = [];
  labels.forEach((one, i) => { if (one === label) found.push(i); });
  return found;
}

/** Puts each detection, best first, into the first row with room; returns the number of rows. */
function packRows(video, detections) {
  const rows = [];
  for (const item of detections) {
    const [start, end] = [video.start[item], video.end[item]];
    let row = 0;
    while (row < LANE.rows - 1 && rows[row] && !fits(rows[row], start, end)) row++;
    rows[row] ??= { starts: [], ends: [] };
    const at = firstAbove(rows[row].starts, start);
    rows[row].starts.splice(at, 0, start);
    rows[row].ends.splice(at, 0, end);
    video.rowOf[item] = row;
  }
  return rows.length;
}

/** True if [start, end) overlaps no span of a row; the spans of a row do not overlap each other. */
function fits({ starts, ends }, start, end) {
  const after = firstAbove(starts, start);
  return (after === 0 || ends[after - 1] <= start) && (after === starts.length || starts[after] >= end);
}

/** The first index of a rising list whose value is above `value`. */
function firstAbove(values, value) {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Sets the positions of all lanes and their parts for a width; returns the total height. */
function layOutLanes(video, width) {
  const wide = width >= LANE.wide;
  video.left = wide ? LANE.gutter : LANE.pad;
  const hasTruth = video.m > 0;
  let top = 0;
  if (state.activations) {
    video.foreground = { top, curveTop: top + (wide ? 6 : LANE.title), height: LANE.foreground };
    top = video.foreground.curveTop + LANE.foreground + 6;
  }
  for (const lane of video.lanes) {
    lane.top = top;
    let at = top + (wide ? LANE.top : LANE.title + 2);
    lane.truthTop = at;
    if (hasTruth) at += LANE.truth + LANE.gap;
    lane.ownTop = at;
    if (lane.own.length) at += LANE.own + LANE.gap;
    lane.rowTop = at;
    at += Math.max(1, lane.rows) * LANE.row + LANE.gap;
    lane.curveTop = at;
    if (lane.curve) at += LANE.curve;
    lane.height = at + LANE.bottom - top;
    top += lane.height;
  }
  return top;
}

/** Puts names beside or above the lanes, as HTML, so that the browser handles any script. */
function labelLanes(video) {
  const wide = video.left === LANE.gutter;
  const labels = video.lanes.map((lane) => laneLabel(lane.name, lane.top + (wide ? LANE.top - 4 : 1), wide));
  if (state.activations) labels.unshift(laneLabel("Foreground", wide ? 4 : 1, wide));
  byId("lane-labels").replaceChildren(...labels);
}

function laneLabel(name, top, wide) {
  const label = element("bdi", { class: "lane-label", title: name, text: name });
  label.style.top = `${top}px`;
  label.style.maxWidth = `${wide ? LANE.gutter - 18 : 300}px`;
  return label;
}
