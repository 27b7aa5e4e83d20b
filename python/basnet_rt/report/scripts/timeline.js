// Draws ruler, lanes and playhead. The canvas is as high as the visible part; lanes scroll in it.

const TICKS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];
const TICK_WIDTH = 84; // least distance between numbers on the ruler, in pixels

const timeline = { width: 0, seen: 0, height: 0, hover: null };

const rightEdge = () => timeline.width - LANE.pad;
const timeToX = (time) => {
  const { start, end } = state.view;
  return state.video.left + ((time - start) / (end - start)) * (rightEdge() - state.video.left);
};
const xToTime = (x) => {
  const { start, end } = state.view;
  return start + ((x - state.video.left) / (rightEdge() - state.video.left)) * (end - start);
};

function layOutTimeline() {
  if (!state.video) return;
  const lanes = byId("lanes");
  timeline.width = lanes.clientWidth;
  timeline.height = layOutLanes(state.video, timeline.width);
  byId("lanes-inner").style.height = `${timeline.height}px`;
  timeline.seen = lanes.clientHeight;
  labelLanes(state.video);
}

function drawTimeline() {
  if (!state.video || !timeline.width) return;
  drawRuler();
  const context = fitCanvas(sizedCanvas("lanes-canvas", timeline.seen), timeline.width, timeline.seen);
  const scrolled = byId("lanes").scrollTop;
  context.font = colours.font;
  context.translate(0, -scrolled);
  drawGrid(context, scrolled);
  drawForeground(context);
  for (const lane of state.video.lanes) {
    if (lane.top + lane.height > scrolled && lane.top < scrolled + timeline.seen) drawLane(context, lane);
  }
  context.save();
  clipToTimes(context, scrolled);
  drawNew(context, timeToX);
  drawSelected(context, timeToX);
  context.restore();
}

function sizedCanvas(id, height) {
  const canvas = byId(id);
  canvas.style.height = `${height}px`;
  return canvas;
}

function clipToTimes(context, scrolled) {
  context.beginPath();
  context.rect(state.video.left - 2, scrolled, rightEdge() - state.video.left + 4, timeline.seen);
  context.clip();
}

/** Seconds between two numbers on the ruler. */
function tickStep() {
  const perPixel = (state.view.end - state.view.start) / (rightEdge() - state.video.left);
  const longest = TICKS.at(-1); // a longer view has multiples of it, so that the ticks stay few
  const least = TICK_WIDTH * perPixel;
  return TICKS.find((step) => step >= least) ?? Math.ceil(least / longest) * longest;
}

function ticks() {
  const step = tickStep();
  const found = [];
  for (let k = Math.ceil(state.view.start / step - 1e-9); k * step <= state.view.end + 1e-9; k++) found.push(k * step);
  return found;
}

function drawRuler() {
  const context = fitCanvas(byId("ruler"), timeline.width, 24);
  context.font = colours.font;
  context.textBaseline = "middle";
  const digits = tickStep() < 1 ? 1 : 0;
  let free = 0; // x from which on no text is drawn yet
  for (const time of ticks()) {
    const x = Math.round(timeToX(time)) + 0.5;
    context.fillStyle = colours["line-strong"];
    context.fillRect(x, 17, 1, 7);
    context.fillStyle = colours["ink-soft"];
    const text = clockText(time, digits);
    const { width } = context.measureText(text);
    const left = x + 4 + width < timeline.width ? x + 4 : x - 4 - width;
    if (left > free) context.fillText(text, left, 11);
    free = left + width + 8;
  }
}

function drawGrid(context, scrolled) {
  context.fillStyle = colours.line;
  for (const time of ticks()) {
    context.globalAlpha = 0.55;
    context.fillRect(Math.round(timeToX(time)), scrolled, 1, timeline.seen);
  }
  context.globalAlpha = 1;
}

const curveBox = (top, height) => ({ left: state.video.left, right: rightEdge(), top, height });

function drawForeground(context) {
  const lane = state.video.foreground;
  if (!state.activations || !lane) return;
  const box = curveBox(lane.curveTop, lane.height);
  drawCurve(context, state.activations.foreground, state.activations.seconds, box, colours.foreground);
  context.fillStyle = colours.line;
  context.fillRect(0, box.top + box.height + 6, timeline.width, 1);
}

function drawLane(context, lane) {
  const { video, activations } = state;
  const gutter = video.left === LANE.gutter;
  if (lane.curve) {
    const box = curveBox(lane.curveTop, LANE.curve);
    drawCurve(context, lane.curve, activations.seconds, box, colours.curve);
    drawThresholds(context, lane.curve, box, gutter ? video.left - 5 : null);
  }
  if (gutter) drawCaptions(context, lane);
  context.save();
  context.beginPath();
  context.rect(video.left, lane.top, rightEdge() - video.left, lane.height);
  context.clip();
  drawTruths(context, lane, timeToX);
  drawOwn(context, lane, timeToX);
  drawDetections(context, lane, timeToX);
  context.restore();
  context.fillStyle = colours.line;
  context.fillRect(0, lane.top + lane.height - 1, timeline.width, 1);
}

function drawCaptions(context, lane) {
  const right = state.video.left - 5;
  context.fillStyle = colours["ink-soft"];
  context.textAlign = "right";
  context.textBaseline = "middle";
  if ((state.video.m || lane.own.length) && lane.rows > 0) context.fillText("found", right, lane.rowTop + LANE.row / 2);
  if (lane.own.length) context.fillText("yours", right, lane.ownTop + LANE.own / 2);
}

/** Draws playhead and pointer above the lanes; a new time does not redraw the lanes. */
function drawOverlay() {
  if (!state.video || !timeline.width) return;
  const height = byId("surface").clientHeight;
  const context = fitCanvas(byId("overlay"), byId("surface").clientWidth, height);
  if (timeline.hover !== null) {
    context.fillStyle = colours["line-strong"];
    context.fillRect(Math.round(timeToX(timeline.hover)), 24, 1, height - 24);
  }
  const x = timeToX(state.time);
  if (x < state.video.left - 1 || x > rightEdge() + 1) return;
  context.fillStyle = colours.playhead;
  context.fillRect(Math.round(x) - 0.75, 14, 1.5, height - 14);
  context.beginPath();
  context.moveTo(x - 5, 12);
  context.lineTo(x + 5, 12);
  context.lineTo(x + 5, 17);
  context.lineTo(x, 23);
  context.lineTo(x - 5, 17);
  context.fill();
}

/** Describes the position in words, for a screen reader on the timeline. */
function describePosition() {
  const surface = byId("surface");
  const { video, time } = state;
  const here = state.items.filter((item) => { const [start, end] = itemSpan(item); return start <= time && time < end; });
  const names = here.slice(0, 3).map(itemText);
  surface.setAttribute("aria-valuemin", 0);
  surface.setAttribute("aria-valuemax", video.duration.toFixed(1));
  surface.setAttribute("aria-valuenow", time.toFixed(1));
  surface.setAttribute("aria-valuetext", [`${clockText(time)} of ${clockText(video.duration)}`, ...names].join("; "));
}
