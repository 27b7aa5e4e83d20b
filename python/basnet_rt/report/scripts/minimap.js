// The whole video in a strip: marked segments above, shown detections below, a frame for the view.

let minimapPicture = null; // everything except the frame; drawn again when filters change

/** Draws the bars of a strip; `truths` and `detections` are lists of [start, end, colour]. */
function drawStrip(context, width, height, duration, truths, detections) {
  const half = height / 2;
  for (const [list, top, tall] of [[truths, 1, half - 2], [detections, half, half - 1]]) {
    for (const [start, end, colour] of list) {
      context.fillStyle = colour;
      context.fillRect((start / duration) * width, top, Math.max(((end - start) / duration) * width, 1), tall);
    }
  }
}

/** Detections in the order of drawing: correct ones last, so that no false one covers them. */
const rightLast = (detections, kinds) => (kinds ? [...detections.filter((i) => kinds[i] !== 0), ...detections.filter((i) => kinds[i] === 0)] : detections);

function paintMinimap() {
  const canvas = byId("minimap").firstElementChild;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (!state.video || !width) return;
  const video = state.video;
  const kinds = video.kind(state.level);
  const truths = Array.from(video.truthStart, (start, j) => [start, video.truthEnd[j], video.missed[j] ? colours.missed : colours.marked]);
  const found = Array.from({ length: video.n }, (_, i) => i).filter((i) => state.shown[i]);
  const detections = rightLast(found, kinds).map((i) => [video.start[i], video.end[i], colours[kinds ? heading.kinds[kinds[i]] : "plain"]]);
  minimapPicture = document.createElement("canvas");
  const context = fitCanvas(minimapPicture, width, height);
  context.fillStyle = colours.well;
  context.fillRect(0, 0, width, height);
  context.globalAlpha = 0.8;
  drawStrip(context, width, height, video.duration, truths, detections);
  drawMinimap();
}

function drawMinimap() {
  const canvas = byId("minimap").firstElementChild;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (!state.video || !minimapPicture || !width) return;
  const context = fitCanvas(canvas, width, height);
  context.drawImage(minimapPicture, 0, 0, width, height);
  const { duration } = state.video;
  const [left, right] = [(state.view.start / duration) * width, (state.view.end / duration) * width];
  context.fillStyle = colours.surface;
  context.globalAlpha = 0.62;
  context.fillRect(0, 0, left, height);
  context.fillRect(right, 0, width - right, height);
  context.globalAlpha = 1;
  context.strokeStyle = colours.accent;
  context.lineWidth = 1.5;
  context.strokeRect(left + 0.75, 0.75, Math.max(right - left - 1.5, 2), height - 1.5);
  context.fillStyle = colours.playhead;
  context.fillRect((state.time / duration) * width - 0.75, 0, 1.5, height);
}

/** A press centres the view at the pointer; a drag moves the view with the pointer. */
function setUpMinimap() {
  const strip = byId("minimap");
  const move = (event) => {
    const frame = strip.getBoundingClientRect();
    const time = ((event.clientX - frame.left) / frame.width) * state.video.duration;
    const span = state.view.end - state.view.start;
    setView(time - span / 2, time + span / 2);
  };
  strip.addEventListener("pointerdown", (event) => { strip.setPointerCapture(event.pointerId); move(event); });
  strip.addEventListener("pointermove", (event) => { if (strip.hasPointerCapture(event.pointerId)) move(event); });
}
