// Per class: how much is marked and shown, of which kinds, and average precision over all videos.

/** Rows of {name, marked, shown, counts, ap}; the first sums up. */
function classRows(video) {
  const kinds = video.kind(state.level);
  const labels = [...new Set([...video.label, ...video.truthLabel])].sort((a, b) => a - b);
  const rows = new Map(labels.map((label) => [label, emptyRow(heading.classes[label])]));
  const total = emptyRow("All classes");
  const add = (label, kind, what) => {
    for (const row of [rows.get(label), total]) {
      row[what]++;
      if (kind) row.counts[kind]++;
    }
  };
  video.truthLabel.forEach((label, j) => add(label, video.missed[j] ? "missed" : null, "marked"));
  video.label.forEach((label, i) => {
    if (video.score[i] >= state.minScore) add(label, kinds ? heading.kinds[kinds[i]] : null, "shown");
  });
  total.ap = [heading.map[state.level], heading.averageMap];
  for (const row of rows.values()) row.ap = apOf(row.name);
  return rows.size > 1 ? [total, ...rows.values()] : [...rows.values()];
}

const emptyRow = (name) => ({ name, marked: 0, shown: 0, counts: Object.fromEntries(ALL_KINDS.map((kind) => [kind, 0])), ap: null });

function apOf(name) {
  const values = heading.ap[name];
  if (!values) return [null, null];
  return [values[state.level], values.reduce((sum, value) => sum + value, 0) / values.length];
}

function showClasses() {
  const rows = classRows(state.subject);
  const body = element("tbody", {}, ...rows.map((row, i) => classRow(row, rows.length > 1 && i === 0)));
  byId("class-table").replaceChildren(classHead(), body);
  const whose = state.video && heading.videos.length > 1 ? "Counts are of this video" : "Counts are of all videos";
  const several = heading.videos.length > 1 ? " AP is of all videos, at all scores." : " AP is at all scores.";
  byId("classes-note").textContent = `${heading.videos.length > 1 ? whose : "Counts follow the score"}.${judged ? several : ""}`;
}

function classHead() {
  const head = element("tr", {}, element("th", { scope: "col", text: "Class" }));
  const add = (text, name, extra = "") => head.append(element("th", { scope: "col", class: extra, title: name, text }));
  if (judged) add("Marked", "Marked segments", "optional");
  add("Found", "Detections that pass the score", judged ? "spare" : "");
  if (!judged) return element("thead", {}, head);
  head.append(element("th", { scope: "col", class: "wide", text: "Kinds" }));
  for (const kind of ALL_KINDS) {
    head.append(element("th", { scope: "col", title: kindName(kind) }, kindMark(kind), element("span", { class: "unseen", text: kindName(kind) })));
  }
  add(`AP@${heading.levels[state.level].toFixed(2)}`, "Average precision at that tIoU, in percent");
  add("AP", `Mean of AP over tIoU ${heading.levels[0]} to ${heading.levels.at(-1)}, in percent`, "spare");
  return element("thead", {}, head);
}

function classRow(row, total) {
  const cells = [element("th", { scope: "row" }, element("bdi", { text: row.name, title: row.name }))];
  const add = (text, extra = "") => cells.push(element("td", { class: extra, text }));
  if (judged) add(countText(row.marked), "optional");
  add(countText(row.shown), judged ? "spare" : "");
  if (judged) {
    cells.push(element("td", { class: "wide" }, profileBar(row.counts)));
    for (const kind of ALL_KINDS) add(countText(row.counts[kind]), row.counts[kind] ? "" : "zero");
    row.ap.forEach((value, i) => add(percentText(value), i ? "spare" : ""));
  }
  return element("tr", { class: total ? "total" : "" }, ...cells);
}

/** A bar split by kind; the numbers beside it say the same. */
function profileBar(counts) {
  const bar = element("div", { class: "profile", "aria-hidden": "true" });
  for (const kind of ALL_KINDS) {
    if (!counts[kind]) continue;
    const part = element("span", { class: `kind-${kind}`, title: `${kindName(kind)}: ${countText(counts[kind])}` });
    part.style.flexGrow = counts[kind];
    bar.append(part);
  }
  return bar;
}

function setUpDefinitions() {
  if (!judged) return;
  const entries = ALL_KINDS.flatMap((kind) => [
    element("dt", {}, kindMark(kind), element("span", { text: kindName(kind) })),
    element("dd", { text: `${KIND_LOOKS[kind][2]}.` }),
  ]);
  byId("definitions").replaceChildren(...entries);
}
