// The segments as a table: shown detections, and marked segments that are missed.

let segmentGrid = null;

const SEGMENT_KEYS = {
  label: (item) => itemLabel(item),
  start: (item) => itemSpan(item)[0],
  end: (item) => itemSpan(item)[1],
  length: (item) => itemSpan(item)[1] - itemSpan(item)[0],
  score: (item) => (item < state.video.n ? state.video.score[item] : -Infinity),
  kind: (item) => ALL_KINDS.indexOf(itemKind(item)),
};

function segmentColumns() {
  const narrow = window.innerWidth <= 520;
  const text = (make) => (cell, item) => { cell.textContent = make(item); };
  const columns = [
    { key: "start", title: "Start", width: narrow ? "64px" : "minmax(76px, 1fr)", number: true, rising: true, fill: text((item) => clockText(itemSpan(item)[0])) },
    { key: "end", title: "End", width: narrow ? "64px" : "minmax(76px, 1fr)", number: true, fill: text((item) => clockText(itemSpan(item)[1])) },
    { key: "length", title: "Length", width: "minmax(66px, .8fr)", number: true, fill: text((item) => (itemSpan(item)[1] - itemSpan(item)[0]).toFixed(1)), optional: true },
    { key: "label", title: "Class", width: "minmax(60px, 2fr)", fill: (cell, item) => cell.append(element("bdi", { text: itemLabel(item), title: itemLabel(item) })) },
    { key: "score", title: "Score", width: narrow ? "52px" : "minmax(62px, .8fr)", number: true, fill: text((item) => (item < state.video.n ? state.video.score[item].toFixed(scoreRange.digits) : "–")) },
  ];
  if (judged) columns.push({ key: "kind", title: "Kind", width: narrow ? "40px" : "minmax(140px, 1.4fr)", fill: (cell, item) => fillKind(cell, item, narrow) });
  return columns.filter((column) => !(narrow && column.optional));
}

function fillKind(cell, item, narrow) {
  const kind = itemKind(item);
  const name = element("span", { class: narrow ? "unseen" : "", text: kindName(kind) });
  cell.append(element("span", { class: "with-mark" }, kindMark(kind), name));
}

function setUpSegmentList() {
  segmentGrid = new Grid(byId("segment-grid"), {
    label: "Segments",
    columns: segmentColumns(),
    empty: "No segment passes the filters.",
    activate: (item) => select(item),
    move: (item) => select(item),
    sorted: showSegments,
  });
}

function showSegments() {
  if (!state.video) return;
  const key = SEGMENT_KEYS[segmentGrid.sort.key];
  const sign = segmentGrid.sort.rising ? 1 : -1;
  const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  const keyed = state.items.map((item) => [key(item), item]);
  keyed.sort((a, b) => sign * compare(a[0], b[0]) || a[1] - b[1]);
  segmentGrid.setRows(keyed.map(([, item]) => item), state.selected);
  byId("segment-count").textContent = manyText(state.items.length, "row");
}

/** The next shown item in time after the selected one, or after the playhead; -1 for before. */
function stepSegment(direction, wanted = () => true) {
  const items = state.items.filter(wanted);
  if (!items.length) return announce("No segment passes the filters.");
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

/** The place before `next` whose start lies before the playhead, not at it. */
function lastBefore(items, next) {
  let place = next - 1;
  while (place >= 0 && itemSpan(items[place])[0] > state.time - 1e-3) place--;
  return place;
}
