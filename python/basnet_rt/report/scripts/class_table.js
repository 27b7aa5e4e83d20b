// The table of classes: marked and shown segments, their kinds, precision, recall, and the average
// precision over all videos. A heading sorts the table; a name shows only that class.

const LONG_TABLE = 12; // with at least so many classes, the table has its own search field
const classSort = { key: "name", rising: true };

/** Rows of {name, marked, shown, counts, ap}; with several classes, the first is their total. */
function classRows(video) {
  const kinds = video.kind(state.level);
  const labels = [...new Set([...video.label, ...video.truthLabel])].sort((a, b) => a - b);
  const takenBy = video.takenBy(state.level);
  const isMissed = (j) => takenBy(j) < 0 || !reaches(video, takenBy(j));
  const rows = new Map(labels.map((label) => [label, emptyRow(heading.classes[label])]));
  const total = emptyRow("All classes");
  const add = (label, kind, what) => {
    for (const row of [rows.get(label), total]) {
      row[what]++;
      if (kind) row.counts[kind]++;
    }
  };
  video.truthLabel.forEach((label, j) => add(label, isMissed(j) ? "missed" : null, "marked"));
  video.label.forEach((label, i) => {
    if (reaches(video, i)) add(label, kinds ? heading.kinds[kinds[i]] : null, "shown");
  });
  total.ap = [heading.map[state.level], heading.averageMap];
  for (const row of rows.values()) row.ap = apOf(row.name);
  for (const row of [total, ...rows.values()]) Object.assign(row, quality({ correct: row.counts.correct ?? 0, found: row.shown, marked: row.marked }));
  const sorted = sortedClasses([...rows.values()]);
  return rows.size > 1 ? [total, ...sorted] : sorted;
}

/** The value that a heading sorts by; an unknown value is -1, below all others. */
function classValue(row, key) {
  if (key === "name") return row.name.toLowerCase();
  if (key.startsWith("ap")) return row.ap[Number(key.at(-1))] ?? -1;
  return row.counts[key] ?? row[key] ?? -1;
}

function sortedClasses(rows) {
  const { key, rising } = classSort;
  const wanted = byId("class-search").value.trim().toLowerCase();
  const chosen = rows.filter(({ name }) => name.toLowerCase().includes(wanted));
  const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  return chosen.sort((a, b) => (rising ? 1 : -1) * compare(classValue(a, key), classValue(b, key)) || compare(a.name, b.name));
}

const emptyRow = (name) => ({ name, marked: 0, shown: 0, counts: Object.fromEntries(ALL_KINDS.map((kind) => [kind, 0])), ap: null });

function apOf(name) {
  if (!Object.hasOwn(heading.ap, name)) return [null, null]; // "constructor" is inherited
  const values = heading.ap[name];
  return [values[state.level], values.reduce((sum, value) => sum + value, 0) / values.length];
}

function showClasses() {
  const rows = classRows(state.subject);
  const body = element("tbody", {}, ...rows.map((row, i) => classRow(row, rows.length > 1 && i === 0)));
  byId("class-table").replaceChildren(classHead(), body);
  byId("class-search").hidden = heading.classes.length < LONG_TABLE;
  const whose = state.video && heading.videos.length > 1 ? "Counts are of this video" : "Counts are of all videos";
  const several = heading.videos.length > 1 ? " AP is of all videos, at all scores." : " AP is at all scores.";
  byId("classes-note").textContent = `${heading.videos.length > 1 ? whose : "Counts follow the score"}.${judged ? several : ""}`;
}

function classHead() {
  const head = element("tr", {});
  const add = (key, name, extra, ...text) => head.append(classHeading(key, name, extra, ...text));
  add("name", "Class", "", "Class");
  if (judged) add("marked", "Marked segments", "optional", "Marked");
  add("shown", "Detections that pass the filter", judged ? "spare" : "", "Found");
  if (!judged) return element("thead", {}, head);
  add("precision", "Precision: the share of what is shown that is correct, in percent", "spare", "Prec.");
  add("recall", "Recall: the share of marked segments that is found, in percent", "spare", "Recall");
  head.append(element("th", { scope: "col", class: "wide", text: "Kinds" }));
  for (const kind of ALL_KINDS) add(kind, kindName(kind), isDetail(kind) ? "detail" : "", kindMark(kind));
  add("ap0", "Average precision at that tIoU, of all detections, in percent", "", `AP@${heading.levels[state.level].toFixed(2)}`);
  add("ap1", `Mean of AP over tIoU ${heading.levels[0]} to ${heading.levels.at(-1)}, in percent`, "spare", "AP");
  return element("thead", {}, head);
}

/** True if narrow screens leave out the column of this kind. */
const isDetail = (kind) => kind !== "correct" && kind !== "missed";

/** A heading that sorts the table; a second click reverses the order. */
function classHeading(key, name, extra, ...text) {
  const mine = classSort.key === key;
  const button = element("button", { type: "button", title: `${name}: sort`, "aria-label": name }, ...text);
  button.addEventListener("click", () => {
    Object.assign(classSort, { key, rising: mine ? !classSort.rising : key === "name" });
    showClasses();
    byId("class-table").querySelector(`[data-key="${key}"] button`).focus();
  });
  const order = mine ? (classSort.rising ? "ascending" : "descending") : "none";
  return element("th", { scope: "col", class: extra, "aria-sort": order, "data-key": key }, button);
}

function classRow(row, total) {
  const name = element("bdi", { text: row.name, title: row.name });
  const cells = [element("th", { scope: "row" }, total ? name : onlyButton(row.name, name))];
  const add = (text, extra = "") => cells.push(element("td", { class: extra, text }));
  if (judged) add(countText(row.marked), "optional");
  add(countText(row.shown), judged ? "spare" : "");
  if (judged) {
    add(percentText(row.precision), "spare");
    add(percentText(row.recall), "spare");
    cells.push(element("td", { class: "wide" }, profileBar(row.counts)));
    for (const kind of ALL_KINDS) {
      add(countText(row.counts[kind]), `${row.counts[kind] ? "" : "zero"} ${isDetail(kind) ? "detail" : ""}`);
    }
    row.ap.forEach((value, i) => add(percentText(value), i ? "spare" : ""));
  }
  return element("tr", { class: total ? "total" : "" }, ...cells);
}

/** A button with the name of a class: it shows only that class; a second click shows all. */
function onlyButton(name, text) {
  const label = heading.classes.indexOf(name);
  const pressed = state.onlyClass === label;
  const button = element("button", { type: "button", class: "only", "aria-pressed": String(pressed), title: pressed ? "Show all classes" : `Show ${name} alone` }, text);
  button.addEventListener("click", () => chooseClass(pressed ? -1 : label));
  return button;
}

/** A bar split by kind; screen readers skip it, because the numbers beside it say the same. */
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
  byId("class-search").addEventListener("input", recountClasses);
  if (!judged) return;
  const entries = ALL_KINDS.flatMap((kind) => [
    element("dt", {}, kindMark(kind), element("span", { text: kindName(kind) })),
    element("dd", { text: `${KIND_LOOKS[kind][2]}.` }),
  ]);
  byId("definitions").replaceChildren(...entries);
}
