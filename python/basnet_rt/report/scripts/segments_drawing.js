// Segments of one lane: marked ones as solid or hollow bars, detections coloured by their kind.

const LABEL_WIDTH = 50; // a detection at least this wide shows its score
const SIGN_WIDTH = 15;

function drawTruths(context, lane, x) {
  const video = state.video;
  const { start, end } = state.view;
  for (const j of lane.truths) {
    if (video.truthStart[j] >= end || video.truthEnd[j] <= start) continue;
    const [from, to] = [x(video.truthStart[j]), x(video.truthEnd[j])];
    const width = Math.max(to - from, 2);
    if (video.missed[j]) drawMissed(context, from, lane.truthTop, width);
    else {
      context.fillStyle = colours.marked;
      context.fillRect(from, lane.truthTop, width, LANE.truth);
    }
  }
}

/** A missed segment is hollow: no shown detection takes it. */
function drawMissed(context, left, top, width) {
  const hidden = state.hidden.has("missed");
  context.globalAlpha = hidden ? 0.45 : 1;
  context.fillStyle = colours.surface;
  context.fillRect(left, top, width, LANE.truth);
  context.strokeStyle = colours.missed;
  context.lineWidth = 1.5;
  context.strokeRect(left + 0.75, top + 0.75, Math.max(width - 1.5, 0.5), LANE.truth - 1.5);
  if (width > SIGN_WIDTH) {
    context.fillStyle = colours.missed;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(width > 60 ? "! missed" : "!", left + width / 2, top + LANE.truth / 2 + 0.5);
  }
  context.globalAlpha = 1;
}

function drawDetections(context, lane, x) {
  const video = state.video;
  const { start, end } = state.view;
  const kinds = video.kind(state.level);
  const span = scoreRange.high - scoreRange.low || 1;
  for (const i of lane.detections) {
    if (!state.shown[i] || video.start[i] >= end || video.end[i] <= start) continue;
    const from = x(video.start[i]);
    const width = Math.max(x(video.end[i]) - from, 1.5);
    const top = lane.rowTop + video.rowOf[i] * LANE.row;
    const kind = kinds ? heading.kinds[kinds[i]] : null;
    const colour = colours[kind ?? "plain"];
    const strength = clamp((video.value[i] - scoreRange.low) / span, 0, 1);
    drawDetection(context, from, top, width, colour, strength);
    if (width >= SIGN_WIDTH + 4) drawDetectionText(context, from, top, width, kind, video.value[i]);
    if (video.verdict[i] === "rejected") drawRejected(context, from, top, width);
  }
}

/** A bar whose fill is stronger for higher scores, with a solid lower edge. */
function drawDetection(context, left, top, width, colour, strength) {
  const height = LANE.row - 2;
  context.fillStyle = colours.surface;
  context.fillRect(left, top, width, height);
  context.fillStyle = colour;
  context.globalAlpha = 0.22 + 0.4 * strength;
  context.fillRect(left, top, width, height);
  context.globalAlpha = 1;
  context.fillRect(left, top + height - 2, width, 2);
  if (width > 4) context.fillRect(left, top, 1.5, height);
}

function drawDetectionText(context, left, top, width, kind, score) {
  // The text of a bar that begins left of the view stays inside the view.
  const from = Math.max(left, state.video.left);
  if (left + width - from < SIGN_WIDTH + 4) return;
  const text = left + width - from >= LABEL_WIDTH ? score.toFixed(2) : "";
  context.fillStyle = colours.ink;
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.fillText([kind && kindSign(kind), text].filter(Boolean).join(" "), from + 4, top + LANE.row / 2 - 1);
}

/** The place of an item: {lane, top, height}, or null if its lane is not shown. */
function itemPlace(item) {
  const { video } = state;
  const name = itemLabel(item);
  const lane = video.lanes.find((one) => one.name === name);
  if (!lane) return null;
  if (isOwn(item)) return { lane, top: lane.ownTop, height: LANE.own };
  if (item < video.n) return { lane, top: lane.rowTop + video.rowOf[item] * LANE.row, height: LANE.row - 2 };
  return { lane, top: lane.truthTop, height: LANE.truth };
}

/** A frame around the selected item, with a handle at each edge. */
function drawSelected(context, x) {
  const place = state.selected < 0 ? null : itemPlace(state.selected);
  if (!place) return;
  const { top, height } = place;
  const moved = editing.side ? editing.span : null;
  const [start, end] = moved ?? itemSpan(state.selected);
  const [left, width] = [x(start), Math.max(x(end) - x(start), 1.5)];
  if (moved) {
    context.fillStyle = colours.yours;
    context.globalAlpha = 0.45;
    context.fillRect(left, top, width, height);
    context.globalAlpha = 1;
  }
  context.strokeStyle = colours.ink;
  context.lineWidth = 2;
  context.strokeRect(left - 2, top - 2, width + 4, height + 4);
  context.fillStyle = colours.ink;
  for (const edge of [left - 2, left + width + 2]) context.fillRect(edge - 2, top + height / 2 - 5, 4, 10);
}

/** The new segment that the user is drawing. */
function drawNew(context, x) {
  if (!editing.label || !editing.span) return;
  const lane = state.video.lanes.find(({ name }) => name === editing.label);
  const [start, end] = editing.span;
  context.fillStyle = colours.yours;
  context.globalAlpha = 0.45;
  context.fillRect(x(start), lane.ownTop, x(end) - x(start), LANE.own);
  context.globalAlpha = 1;
}

/** Corrections as solid bars with the sign of their kind. */
function drawOwn(context, lane, x) {
  const { video, view } = state;
  for (const k of lane.own) {
    const { start, end } = video.own[k];
    if (start >= view.end || end <= view.start) continue;
    const [from, width] = [x(start), Math.max(x(end) - x(start), 2)];
    context.fillStyle = colours.yours;
    context.fillRect(from, lane.ownTop, width, LANE.own);
    if (width < SIGN_WIDTH) continue;
    context.fillStyle = colours["mark-ink"];
    context.textAlign = "left";
    context.textBaseline = "middle";
    context.fillText(kindSign("yours"), Math.max(from, video.left) + 4, lane.ownTop + LANE.own / 2 + 0.5);
  }
}

/** Makes a rejected detection paler and draws a line through it. */
function drawRejected(context, left, top, width) {
  context.fillStyle = colours.surface;
  context.globalAlpha = 0.6;
  context.fillRect(left, top, width, LANE.row - 2);
  context.globalAlpha = 1;
  context.fillStyle = colours.ink;
  context.fillRect(left, top + LANE.row / 2 - 1.5, width, 1.5);
}

/** The item at a point of the lanes, the topmost if several overlap; or -1. */
function itemAt(time, y, slack) {
  const video = state.video;
  const lane = video.lanes.find((one) => y >= one.top && y < one.top + one.height);
  if (!lane) return -1;
  const near = (start, end) => time >= start - slack && time <= end + slack;
  if (lane.own.length && y >= lane.ownTop - 1 && y < lane.ownTop + LANE.own + 1) {
    const k = lane.own.findLast((one) => near(video.own[one].start, video.own[one].end));
    return k === undefined ? -1 : video.n + video.m + k;
  }
  if (video.m && y >= lane.truthTop - 2 && y < lane.truthTop + LANE.truth + 2) {
    const j = lane.truths.find((one) => near(video.truthStart[one], video.truthEnd[one]));
    return j === undefined ? -1 : video.n + j;
  }
  const row = Math.floor((y - lane.rowTop) / LANE.row);
  if (row < 0 || row >= lane.rows) return -1;
  for (let k = lane.detections.length - 1; k >= 0; k--) {
    const i = lane.detections[k];
    if (video.rowOf[i] === row && state.shown[i] && near(video.start[i], video.end[i])) return i;
  }
  return -1;
}
