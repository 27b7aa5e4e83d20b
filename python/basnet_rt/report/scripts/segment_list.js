// The table of segments: shown detections and corrections, and missed marked segments.

let segmentGrid = null;

const SEGMENT_KEYS = {
  label: (item) => itemLabel(item),
  start: (item) => itemSpan(item)[0],
  end: (item) => itemSpan(item)[1],
  length: (item) => itemSpan(item)[1] - itemSpan(item)[0],
  score: (item) => (item < state.video.n ? state.video.value[item] : -Infinity),
  kind: (item) => ["yours", ...ALL_KINDS].indexOf(itemKind(item)),
};

function segmentColumns() {
  const narrow = window.innerWidth <= 520;
  const text = (make) => (cell, item) => { cell.textContent = make(item); };
  const columns = [
    { key: "start", title: "Start", width: narrow ? "64px" : "minmax(76px, 1fr)", number: true, rising: true, fill: text((item) => clockText(itemSpan(item)[0])) },
    { key: "end", title: "End", width: narrow ? "64px" : "minmax(76px, 1fr)", number: true, fill: text((item) => clockText(itemSpan(item)[1])) },
    { key: "length", title: "Length", width: "minmax(66px, .8fr)", number: true, fill: text((item) => (itemSpan(item)[1] - itemSpan(item)[0]).toFixed(1)), optional: true },
    { key: "label", title: "Class", width: "minmax(60px, 2fr)", fill: fillLabel },
    { key: "score", title: heading.confident && !narrow ? "Confidence" : "Score", width: narrow ? "52px" : "minmax(88px, .8fr)", number: true, fill: text((item) => (item < state.video.n ? state.video.value[item].toFixed(scoreRange.digits) : "–")) },
  ];
  if (judged || state.video?.own.length) columns.push({ key: "kind", title: "Kind", width: narrow ? "40px" : "minmax(140px, 1.4fr)", fill: (cell, item) => fillKind(cell, item, narrow) });
  return columns.filter((column) => !(narrow && column.optional));
}

/** The class of a segment; a rejected one has a sign before it and is struck through. */
function fillLabel(cell, item) {
  const rejected = item < state.video.n && state.video.verdict[item] === "rejected";
  if (rejected) cell.append(element("span", { class: "verdict", "aria-hidden": "true", text: "✗ " }), element("span", { class: "unseen", text: "rejected " }));
  cell.append(element("bdi", { class: rejected ? "struck" : "", text: itemLabel(item), title: itemLabel(item) }));
}

function fillKind(cell, item, narrow) {
  const kind = itemKind(item);
  if (!kind) return;
  const name = element("span", { class: narrow ? "unseen" : "", text: kindName(kind) });
  cell.append(element("span", { class: "with-mark" }, kindMark(kind), name));
}

function setUpSegmentList() {
  segmentGrid = new Grid(byId("segment-grid"), {
    label: "Segments",
    columns: segmentColumns(),
    empty: whyNoSegment,
    activate: (item) => select(item),
    move: (item) => select(item),
    sorted: showSegments,
  });
}

/** The reason for an empty list: nothing was found, or a filter hides everything. */
function whyNoSegment() {
  const { video } = state;
  const none = "Press s, or Shift and drag on the timeline, to add one.";
  if (!video.n && !video.m) return `Nothing was found in this video. ${none}`;
  const candidates = Array.from({ length: video.n }, (_, i) => i).filter((i) => !state.events || video.event[i]);
  if (state.onlyClass >= 0 && !candidates.some((i) => isChosen(video.label[i]))) {
    return `Nothing of ${heading.classes[state.onlyClass]} was found in this video. Choose all classes, or press s to add a segment.`;
  }
  const most = Math.max(...candidates.filter((i) => isChosen(video.label[i])).map((i) => video.value[i]));
  if (state.above === 0 && candidates.length) {
    const least = state.suggested ? "the model's suggestion" : `the least ${measure()}`;
    return `${manyText(candidates.length, state.events ? "event" : "detection")} of this video lie below ${least}; the highest has ${most.toFixed(scoreRange.digits)}. Lower it, or press [.`;
  }
  return "The kinds that are switched off hide every segment.";
}

function showSegments() {
  if (!state.video) return;
  if (segmentGrid.columns.length !== segmentColumns().length) segmentGrid.setColumns(segmentColumns());
  const key = SEGMENT_KEYS[segmentGrid.sort.key];
  const sign = segmentGrid.sort.rising ? 1 : -1;
  const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  const keyed = state.items.map((item) => [key(item), item]);
  keyed.sort((a, b) => sign * compare(a[0], b[0]) || a[1] - b[1]);
  segmentGrid.setRows(keyed.map(([, item]) => item), state.selected);
  byId("segment-count").textContent = manyText(state.items.length, "row");
}

/**
 * Selects the next shown item in time (`direction` 1) or the previous one (-1). It steps from the
 * selected item if the playhead is at its start, else from the playhead.
 */
function stepSegment(direction, wanted = () => true) {
  const items = state.items.filter(wanted);
  if (!items.length) return announce(state.items.length ? "There is no such segment." : whyNoSegment());
  let place = items.indexOf(state.selected);
  const [start] = place >= 0 ? itemSpan(state.selected) : [NaN];
  if (place >= 0 && Math.abs(start - state.time) < 1e-3) place += direction;
  else {
    const after = items.findIndex((item) => itemSpan(item)[0] > state.time + 1e-3);
    const next = after < 0 ? items.length : after;
    place = direction > 0 ? next : lastBefore(items, next);
  }
  if (place < 0 || place >= items.length) return announce(direction > 0 ? "No later segment." : "No earlier segment.");
  select(items[place], true);
  announce(`${countText(place + 1)} of ${countText(items.length)}: ${itemText(items[place])}`);
}

/** Index of the last item before `next` that starts before the playhead, not at it; or -1. */
function lastBefore(items, next) {
  let place = next - 1;
  while (place >= 0 && itemSpan(items[place])[0] > state.time - 1e-3) place--;
  return place;
}
