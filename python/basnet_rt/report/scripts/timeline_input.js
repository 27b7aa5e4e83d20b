// Pointer and wheel on the timeline: click seeks, a drag pans, two fingers or Ctrl and wheel zoom.

const DRAG_PIXELS = 4; // less movement than this is a click
const WHEEL_ZOOM = 0.0022; // of a factor e, per unit of the wheel

const pointers = new Map(); // by id: where each pointer was last
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
  surface.addEventListener("pointercancel", (event) => { mayClick = false; pointers.delete(event.pointerId); });
  surface.addEventListener("pointerleave", () => { timeline.hover = null; inspect(null); drawOverlay(); });
  surface.addEventListener("wheel", wheeled, { passive: false });
  byId("lanes").addEventListener("scroll", () => redrawTimeline());
}

function pressed(event) {
  if (event.button !== 0 || event.target.id === "lanes") return; // its own scroll bar
  pointers.set(event.pointerId, surfacePoint(event));
  mayClick = pointers.size === 1;
  dragged = false;
}

function movedPointer(event) {
  const point = surfacePoint(event);
  const before = pointers.get(event.pointerId);
  if (!before) {
    timeline.hover = point.x >= state.video.left ? xToTime(point.x) : null;
    inspect(point);
    drawOverlay();
    return;
  }
  const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
  if (other) pinch(before, point, other);
  else if (dragged || Math.abs(point.x - before.x) > DRAG_PIXELS) {
    if (!dragged) event.currentTarget.setPointerCapture(event.pointerId);
    dragged = true;
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
  if (!event.shiftKey && Math.abs(event.deltaX) <= Math.abs(event.deltaY)) return; // scrolls lanes or page
  event.preventDefault();
  const shift = (sideways * lines * (state.view.end - state.view.start)) / timeline.width;
  setView(state.view.start + shift, state.view.end + shift);
}

/** What is under the pointer, in one line. */
function inspect(point) {
  const line = byId("inspector");
  if (!point || point.x < state.video.left) {
    line.textContent = "";
    return;
  }
  const time = clamp(xToTime(point.x), 0, state.video.duration);
  const parts = [element("b", { text: clockText(time, 2) })];
  const y = point.y - byId("ruler").offsetHeight + byId("lanes").scrollTop;
  const lane = state.video.lanes.find((one) => y >= one.top && y < one.top + one.height);
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
