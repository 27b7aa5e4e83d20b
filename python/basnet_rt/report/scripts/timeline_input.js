// Pointer and wheel on the timeline: click seeks, a drag pans, two fingers or Ctrl and wheel zoom.
// A drag of the selected segment's edge moves it; with Shift, a drag draws a new segment.

const DRAG_PIXELS = 4; // less movement than this is a click
const WHEEL_ZOOM = 0.0022; // logarithm of the zoom factor per unit of the wheel

const EDGE_PIXELS = 6; // a drag that starts this near to an edge of the selected segment moves it
const EDGE_PIXELS_TOUCH = 16;

// The moved edge, {side, item, span}, or the new segment, {label, from, span} with side null.
const editing = { side: null, item: -1, label: null, from: 0, span: null };

const pointers = new Map(); // id of a pointer to its last position
let dragged = false;
let mayClick = false;

function surfacePoint(event) {
  const frame = byId("surface").getBoundingClientRect();
  return { x: event.clientX - frame.left, y: event.clientY - frame.top };
}

function setUpTimelineInput() {
  const surface = byId("surface");
  surface.addEventListener("pointerdown", pressed);
  surface.addEventListener("pointermove", movedPointer);
  surface.addEventListener("pointerup", released);
  surface.addEventListener("pointercancel", (event) => { mayClick = false; editing.side = editing.label = editing.span = null; pointers.delete(event.pointerId); });
  surface.addEventListener("pointerleave", () => { timeline.hover = null; inspect(null); drawOverlay(); });
  surface.addEventListener("wheel", wheeled, { passive: false });
  byId("lanes").addEventListener("scroll", () => redrawTimeline());
}

function pressed(event) {
  if (event.button !== 0 || event.target.id === "lanes") return; // the scroll bar was pressed
  const point = surfacePoint(event);
  pointers.set(event.pointerId, point);
  mayClick = pointers.size === 1;
  dragged = false;
  editing.side = editing.label = editing.span = null;
  if (!mayClick || point.x < state.video.left) return;
  editing.side = edgeAt(point, event.pointerType === "mouse" ? EDGE_PIXELS : EDGE_PIXELS_TOUCH);
  editing.item = state.selected;
  const lane = event.shiftKey && !editing.side ? laneAt(point) : null;
  if (lane) Object.assign(editing, { label: lane.name, from: xToTime(point.x) });
}

const laneY = ({ y }) => y - byId("ruler").offsetHeight + byId("lanes").scrollTop;
const laneAt = (point) => state.video.lanes.find((one) => laneY(point) >= one.top && laneY(point) < one.top + one.height);

/** "start" or "end" if the point is near that edge of the selected segment, else null. */
function edgeAt(point, slack) {
  const place = state.selected < 0 ? null : itemPlace(state.selected);
  if (!place || laneY(point) < place.top - 4 || laneY(point) > place.top + place.height + 4) return null;
  const [start, end] = itemSpan(state.selected).map(timeToX);
  const [before, after] = [Math.abs(point.x - start), Math.abs(point.x - end)];
  if (Math.min(before, after) > slack) return null;
  return before < after || (before === after && point.x < start) ? "start" : "end";
}

/** Updates the dragged span and shows its times. */
function dragEdit(point) {
  const time = clamp(xToTime(point.x), 0, state.video.duration);
  if (editing.side) {
    const [start, end] = itemSpan(editing.item);
    editing.span = editing.side === "start" ? [Math.min(time, end), end] : [start, Math.max(time, start)];
  } else editing.span = [Math.min(editing.from, time), Math.max(editing.from, time)];
  byId("inspector").textContent = `${clockText(editing.span[0], 2)} to ${clockText(editing.span[1], 2)}`;
  redrawTimeline();
}

function endEdit() {
  const { side, item, label, span } = editing;
  editing.side = editing.label = editing.span = null;
  if (!span) return;
  if (side) moveEdge(item, side, side === "start" ? span[0] : span[1]);
  else addSegment(span[0], span[1], label);
  redrawTimeline();
}

function movedPointer(event) {
  const point = surfacePoint(event);
  const before = pointers.get(event.pointerId);
  if (!before) {
    timeline.hover = point.x >= state.video.left ? xToTime(point.x) : null;
    inspect(point);
    drawOverlay();
    byId("surface").style.cursor = edgeAt(point, EDGE_PIXELS) ? "ew-resize" : "";
    return;
  }
  const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
  if (other) pinch(before, point, other);
  else if (dragged || Math.abs(point.x - before.x) > DRAG_PIXELS) {
    if (!dragged) event.currentTarget.setPointerCapture(event.pointerId);
    dragged = true;
    if (editing.side || editing.label) return dragEdit(point);
    const shift = xToTime(before.x) - xToTime(point.x);
    setView(state.view.start + shift, state.view.end + shift);
  } else return;
  pointers.set(event.pointerId, point);
}

function pinch(before, point, other) {
  mayClick = false;
  const [was, is] = [Math.abs(before.x - other.x), Math.abs(point.x - other.x)];
  if (was > 8 && is > 8) zoomBy(is / was, xToTime((point.x + other.x) / 2));
}

function released(event) {
  const pressedHere = pointers.delete(event.pointerId);
  if (dragged) endEdit();
  if (!pressedHere || dragged || !mayClick) return;
  const point = surfacePoint(event);
  const item = pointItem(point);
  if (item >= 0) {
    state.selected = item;
    announce(itemText(item));
    emit("select");
  }
  player.seek(xToTime(Math.max(point.x, state.video.left)));
}

function pointItem({ x, y }) {
  const ruler = byId("ruler").offsetHeight;
  if (y < ruler || x < state.video.left) return -1;
  const slack = (state.view.end - state.view.start) * (2 / timeline.width);
  return itemAt(xToTime(x), y - ruler + byId("lanes").scrollTop, slack);
}

function wheeled(event) {
  const lines = event.deltaMode === 1 ? 16 : 1;
  if (event.ctrlKey || event.metaKey) {
    event.preventDefault();
    zoomBy(Math.exp(-event.deltaY * lines * WHEEL_ZOOM), xToTime(surfacePoint(event).x));
    return;
  }
  const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
  // The browser scrolls lanes or page by a vertical wheel without Shift.
  if (!event.shiftKey && Math.abs(event.deltaX) <= Math.abs(event.deltaY)) return;
  event.preventDefault();
  const shift = (sideways * lines * (state.view.end - state.view.start)) / timeline.width;
  setView(state.view.start + shift, state.view.end + shift);
}

/** Describes in one line the things under the pointer. */
function inspect(point) {
  const line = byId("inspector");
  if (!point || point.x < state.video.left) {
    line.textContent = "";
    return;
  }
  const time = clamp(xToTime(point.x), 0, state.video.duration);
  const parts = [element("b", { text: clockText(time, 2) })];
  const lane = laneAt(point);
  if (lane) parts.push("  ", element("bdi", { text: lane.name }));
  if (lane?.curve) parts.push(` activation ${curveAt(lane.curve, time).toFixed(3)}`);
  if (state.activations) parts.push(`  foreground ${curveAt(state.activations.foreground, time).toFixed(3)}`);
  const item = pointItem(point);
  if (item >= 0) parts.push("  ·  ", element("bdi", { text: itemText(item) + percentOf(item) }));
  line.replaceChildren(...parts);
}

function percentOf(item) {
  const percents = item < state.video.n ? state.video.percent(state.level) : null;
  return percents && percents[item] ? `, tIoU ${(percents[item] / 100).toFixed(2)}` : "";
}
