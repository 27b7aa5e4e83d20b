// Curves of activations: a line where samples are far apart, an envelope where they are dense.

/** The highest value on a curve's axis: 1, or the curve's maximum if that is above 1.02. */
const curveTop = (pyramid) => Math.max(1, ...[pyramid.low + pyramid.scale * 65535].filter((value) => value > 1.02));

/**
 * Draws the part of a pyramid that is in the view into `box`: {left, right, top, height}.
 * Sample i lies at (i + heading.snippetPoint) * seconds; before the first and after the last sample
 * the curve is flat.
 */
function drawCurve(context, pyramid, seconds, box, colour) {
  const { start, end } = state.view;
  const perPixel = (end - start) / (box.right - box.left) / seconds;
  const first = start / seconds - heading.snippetPoint;
  const highest = curveTop(pyramid);
  const y = (value) => box.top + box.height * (1 - clamp(value / highest, 0, 1));
  context.save();
  context.beginPath();
  context.rect(box.left, box.top - 1, box.right - box.left, box.height + 2);
  context.clip();
  if (perPixel > 1) drawEnvelope(context, pyramid, box, first, perPixel, y, colour);
  else drawLine(context, pyramid, box, first, perPixel, y, colour);
  context.restore();
}

function drawEnvelope(context, pyramid, box, first, perPixel, y, colour) {
  const last = pyramid.values.length - 1;
  const [tops, bottoms] = [[], []];
  for (let x = 0; x < box.right - box.left; x++) {
    const from = clamp(Math.floor(first + x * perPixel), 0, last);
    const to = clamp(Math.floor(first + (x + 1) * perPixel), from, last);
    const [low, high] = pyramid.extremes(from, to);
    tops.push(y(high));
    bottoms.push(Math.max(y(low), tops[x] + 1));
  }
  fillUnder(context, box, tops.map((top, x) => [box.left + x, top]), colour, 0.13);
  context.beginPath();
  tops.forEach((top, x) => context.lineTo(box.left + x, top));
  for (let x = bottoms.length - 1; x >= 0; x--) context.lineTo(box.left + x, bottoms[x]);
  context.closePath();
  context.globalAlpha = 0.75;
  context.fillStyle = colour;
  context.fill();
}

function drawLine(context, pyramid, box, first, perPixel, y, colour) {
  const last = pyramid.values.length - 1;
  const points = [];
  const to = Math.ceil(first + (box.right - box.left) * perPixel);
  for (let i = Math.floor(first); i <= to; i++) points.push([box.left + (i - first) / perPixel, y(pyramid.at(clamp(i, 0, last)))]);
  fillUnder(context, box, points, colour, 0.13);
  context.beginPath();
  for (const [x, top] of points) context.lineTo(x, top);
  context.strokeStyle = colour;
  context.lineWidth = 1.4;
  context.lineJoin = "round";
  context.stroke();
}

function fillUnder(context, box, points, colour, alpha) {
  const bottom = box.top + box.height;
  context.beginPath();
  context.moveTo(points[0][0], bottom);
  for (const [x, top] of points) context.lineTo(x, top);
  context.lineTo(points.at(-1)[0], bottom);
  context.closePath();
  context.globalAlpha = alpha;
  context.fillStyle = colour;
  context.fill();
  context.globalAlpha = 1;
}

/** Draws the thresholds as lines, the lowest strongest; numbers at x = `numbersAt`, if not null. */
function drawThresholds(context, pyramid, box, numbersAt) {
  const highest = curveTop(pyramid);
  const y = (value) => Math.round(box.top + box.height * (1 - value / highest)) + 0.5;
  const levels = heading.thresholds.filter((level) => level >= 0 && level <= highest);
  context.lineWidth = 1;
  context.strokeStyle = colours.threshold;
  levels.forEach((level, i) => {
    context.globalAlpha = i === 0 ? 1 : 0.3;
    context.setLineDash(i === 0 ? [4, 3] : []);
    context.beginPath();
    context.moveTo(box.left, y(level));
    context.lineTo(box.right, y(level));
    context.stroke();
  });
  context.globalAlpha = 1;
  context.setLineDash([]);
  if (numbersAt === null || !levels.length) return;
  context.textAlign = "right";
  context.textBaseline = "middle";
  context.fillStyle = colours["ink-soft"];
  for (const level of new Set([levels[0], levels.at(-1)])) context.fillText(level.toFixed(2), numbersAt, y(level));
}

/** The value of a curve at a time in seconds. */
function curveAt(pyramid, time) {
  const position = time / state.activations.seconds - heading.snippetPoint;
  return pyramid.between(clamp(position, 0, pyramid.values.length - 1));
}
