// The actions of a review's buttons and keys, most of them on the selected segment.

const NEW_SECONDS = 2; // length of a segment that is added at the playhead

const ownIndex = (item) => item - state.video.n - state.video.m;
const isOwn = (item) => ownIndex(item) >= 0;

/** The correction for an item; made here for a detection or marked segment that has none. */
function ownMark(entry, item) {
  if (isOwn(item)) return entry.own[ownIndex(item)];
  const [start, end] = itemSpan(item);
  const key = segmentKey(itemLabel(item), start, end);
  entry.rejected.delete(key);
  const known = entry.own.find(({ from }) => from === key);
  if (known) return known;
  const mark = { label: itemLabel(item), start: rounded(start), end: rounded(end), from: key };
  entry.own.push(mark);
  return mark;
}

/** Runs `act(entry, item)` on the selected segment, or says that none is selected. */
function onSelected(act) {
  const item = state.selected;
  if (item < 0) return announce("Select a segment first: click one, or press n.");
  correct((entry) => act(entry, item));
}

function acceptSelected() {
  onSelected((entry, item) => { ownMark(entry, item); return `Accepted: ${itemText(item)}`; });
  nextUndecided();
}

function rejectSelected() {
  onSelected((entry, item) => {
    const said = `Rejected: ${itemText(item)}`;
    if (isOwn(item)) {
      const [mark] = entry.own.splice(ownIndex(item), 1);
      if (mark.from) entry.rejected.add(mark.from);
      state.selected = -1;
    } else if (item < state.video.n) {
      const key = detectionKey(state.video, item);
      entry.own = entry.own.filter(({ from }) => from !== key);
      entry.rejected.add(key);
    } else return "A marked segment of the ground truth cannot be rejected.";
    return said;
  });
  nextUndecided();
}

/** Selects the next shown detection without a verdict; after the last, the first. */
function nextUndecided() {
  const { video, items } = state;
  const open = items.filter((item) => item < video.n && video.verdict[item] === null);
  if (!open.length) return;
  const later = open.find((item) => itemSpan(item)[0] >= state.time && item !== state.selected);
  select(later ?? open[0], true);
}

function relabelSelected(label) {
  if (!label) return;
  onSelected((entry, item) => {
    const mark = ownMark(entry, item);
    classId(label);
    mark.label = label;
    state.selectOwn = mark;
    return `Class: ${label}`;
  });
}

/** Moves an edge of an item, inside the video; the start must stay before the end. */
function moveEdge(item, side, time) {
  const at = rounded(clamp(time, 0, state.video.duration));
  correct((entry) => {
    const [start, end] = itemSpan(item);
    if (side === "start" ? at >= end : at <= start) return "A segment must not end before it starts.";
    const mark = ownMark(entry, item);
    mark[side] = at;
    state.selectOwn = mark;
    return `${side === "start" ? "Starts" : "Ends"} at ${clockText(at, 2)}`;
  });
}

function edgeHere(side) {
  if (state.selected < 0) return announce("Select a segment first: click one, or press n.");
  moveEdge(state.selected, side, state.time);
}

/**
 * Adds a segment. Without `label` it gets the class of the selected segment, else that of the
 * filter, else the first class.
 */
function addSegment(start, end, label) {
  const { duration } = state.video;
  const chosen = label ?? (state.selected >= 0 ? itemLabel(state.selected) : heading.classes[Math.max(state.onlyClass, 0)]);
  if (!chosen) return announce("There is no class yet: type one into the field Class.");
  const [from, to] = [rounded(clamp(start, 0, duration)), rounded(clamp(end, 0, duration))];
  if (to <= from) return announce("There is no room for a segment here.");
  correct((entry) => {
    const mark = { label: chosen, start: from, end: to, from: null };
    entry.own.push(mark);
    state.selectOwn = mark;
    return `Added: ${chosen}, ${clockText(from)} to ${clockText(to)}`;
  });
}

function toggleReviewed() {
  correct((entry) => {
    entry.done = !entry.done;
    if (!entry.done) return "Not reviewed.";
    const open = state.video.verdict.filter((one, i) => one === null && state.video.event[i]).length;
    return `Reviewed: ${manyText(entry.own.length, "segment")}; ${open ? `${manyText(open, "detection")} that you did not touch count as no action` : "everything else is no action"}.`;
  });
}

function exportReview() {
  const content = reviewExport();
  const count = Object.keys(content.database).length + Object.keys(content.unfinished).length;
  if (!count) return announce("Nothing is corrected yet.");
  const blob = new Blob([`${JSON.stringify(content, null, 1)}\n`], { type: "application/json" });
  const link = element("a", { href: URL.createObjectURL(blob), download: `${heading.title}.corrected.json` });
  document.body.append(link);
  link.click();
  link.remove();
  review.exported = true;
  emit("review");
  announce(`${manyText(count, "video")} exported to ${heading.title}.corrected.json`);
}

async function readReviewFile(file) {
  try {
    const count = importReview(JSON.parse(await file.text()));
    emit("review");
    announce(count ? `Corrections of ${manyText(count, "video")} read.` : "The file has corrections of none of these videos.");
    byId("review-note").textContent = count ? "" : `${file.name} has corrections of none of these videos.`;
  } catch {
    byId("review-note").textContent = `${file.name} is no file of corrections.`;
  }
}
