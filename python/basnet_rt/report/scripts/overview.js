// The page of all videos: a few numbers, and a table whose rows open a video.

let videoGrid = null;
let videoRows = [];

/** One row for each video, at the chosen tIoU and score. */
function summariseVideos() {
  return heading.videos.map((video, index) => {
    const data = videoData(index);
    const [kinds, takenBy] = [data.kind(state.level), data.takenBy(state.level)];
    const row = { index, name: video.name, duration: video.duration, found: 0, marked: 0, correct: 0, wrong: 0, missed: 0, review: reviewState(index) };
    for (let i = 0; i < data.n; i++) {
      if (!passes(data, i)) continue;
      row.found++;
      if (kinds) row[kinds[i] === 0 ? "correct" : "wrong"]++;
    }
    for (let j = 0; j < data.m; j++) {
      if (!isChosen(data.truthLabel[j])) continue;
      row.marked++;
      const i = takenBy(j);
      if (i < 0 || !reaches(data, i)) row.missed++;
    }
    return row;
  });
}

function videoColumns() {
  const narrow = window.innerWidth <= 520;
  const number = (key, title, name, slim = "52px") => ({
    key, title, name, width: narrow ? slim : "minmax(66px, .6fr)", number: true,
    fill: (cell, row) => { cell.textContent = countText(row[key]); },
  });
  const columns = [
    { key: "name", title: "Video", width: narrow ? "minmax(0, 1fr)" : "minmax(120px, 1.2fr)", fill: (cell, row) => cell.append(element("bdi", { text: row.name, title: row.name })) },
    { key: "duration", title: "Length", width: narrow ? "54px" : "minmax(70px, .5fr)", number: true, fill: fillDuration },
    number("found", "Found", "Detections"),
  ];
  if (judged) columns.push(number("marked", "Marked", "Marked segments"), { ...number("correct", "✓", "Correct", "38px"), mark: "correct" }, number("wrong", "Wrong", "Detections with an error"), { ...number("missed", "!", "Missed", "38px"), mark: "missed" });
  columns.push({ key: "review", title: narrow ? "✎" : "Reviewed", name: "Reviewed", width: narrow ? "30px" : "minmax(84px, .6fr)", fill: (cell, row) => fillReview(cell, row, narrow) });
  if (window.innerWidth > 900) columns.splice(1, 0, { key: "strip", title: "Timeline", width: "minmax(160px, 4fr)", fill: addStrip, paint: paintStrip });
  return narrow ? columns.filter(({ key }) => !["marked", "wrong"].includes(key)) : columns;
}

/** The length of a video; "≥" marks a guess. */
function fillDuration(cell, row) {
  const { guessed } = heading.videos[row.index];
  cell.textContent = `${guessed ? "≥ " : ""}${clockText(row.duration, 0)}`;
  if (guessed) cell.title = GUESSED;
}

function fillReview(cell, row, narrow) {
  if (!row.review) return;
  const sign = row.review === "reviewed" ? "✓" : "…";
  cell.append(element("span", { "aria-hidden": "true", text: sign }), element("span", { class: narrow ? "unseen" : "", text: ` ${row.review}` }));
}

const GUESSED = "A guess: nothing says how long the video is; its last segment ends here.";

function addStrip(cell) {
  cell.append(element("canvas", { class: "strip", "aria-hidden": "true" }));
}

/** Draws marked segments above detections, as in the strip over the timeline. */
function paintStrip(cell, row) {
  const canvas = cell.firstElementChild;
  const [width, height] = [canvas.clientWidth, 22];
  const data = videoData(row.index);
  const [kinds, takenBy] = [data.kind(state.level), data.takenBy(state.level)];
  const context = fitCanvas(canvas, width, height);
  context.fillStyle = colours.well;
  context.fillRect(0, 0, width, height);
  const isTaken = (j) => takenBy(j) >= 0 && reaches(data, takenBy(j));
  const truths = Array.from(data.truthStart, (start, j) => [start, data.truthEnd[j], isTaken(j) ? colours.marked : colours.missed]).filter((_, j) => isChosen(data.truthLabel[j]));
  const first = row.index ? heading.detectionEnds[row.index - 1] : 0;
  const found = Array.from({ length: data.n }, (_, i) => i).filter((i) => state.shown[first + i]);
  const detections = rightLast(found, kinds).map((i) => [data.start[i], data.end[i], colours[kinds ? heading.kinds[kinds[i]] : "plain"]]);
  context.globalAlpha = 0.85;
  drawStrip(context, width, height, row.duration, truths, detections);
}

function setUpOverview() {
  videoGrid = new Grid(byId("video-grid"), {
    label: "Videos",
    columns: videoColumns(),
    rowHeight: 32,
    empty: () => `No video has “${byId("video-search").value}” in its name.`,
    activate: (row) => { location.hash = hashOf(row.index); },
    sorted: showVideos,
  });
  byId("video-search").addEventListener("input", relistVideos);
  byId("video-search").placeholder = `Search ${manyText(heading.videos.length, "video")}`;
}

function showVideos() {
  if (state.video) return;
  videoRows = summariseVideos();
  showSummary();
  const { key, rising } = videoGrid.sort;
  const by = key === "strip" ? "index" : key;
  const wanted = byId("video-search").value.trim().toLowerCase();
  const chosen = videoRows.filter((row) => row.name.toLowerCase().includes(wanted));
  byId("videos-note").textContent = wanted ? `${countText(chosen.length)} of ${manyText(videoRows.length, "video")}.` : "";
  const sorted = [...chosen].sort((a, b) => (a[by] < b[by] ? -1 : a[by] > b[by] ? 1 : a.index - b.index));
  videoGrid.setRows(rising ? sorted : sorted.reverse(), null);
}

/** The total length of all videos; "≥" marks that some lengths are guesses. */
function lengthText() {
  const guessed = heading.videos.some((video) => video.guessed);
  return `${guessed ? "≥ " : ""}${clockText(videoRows.reduce((total, row) => total + row.duration, 0), 0)}`;
}

function showSummary() {
  const sum = (key) => countText(videoRows.reduce((total, row) => total + row[key], 0));
  const reviewed = videoRows.filter((row) => row.review === "reviewed").length;
  const cards = [["Videos", countText(videoRows.length)], ["Length", lengthText()], [state.events ? "Events" : "Found", sum("found")]];
  if (reviewed) cards.splice(1, 0, ["Reviewed", countText(reviewed)]);
  if (judged) {
    const level = heading.levels[state.level].toFixed(2);
    const total = (key) => videoRows.reduce((all, row) => all + row[key], 0);
    const { precision, recall, f1 } = quality({ correct: total("correct"), found: total("found"), marked: total("marked") });
    cards.push(["Marked", sum("marked")], [`Correct at ${level}`, sum("correct")], [`Missed at ${level}`, sum("missed")]);
    cards.push([`Precision at ${level}`, percentText(precision)], [`Recall at ${level}`, percentText(recall)], [`F1 at ${level}`, percentText(f1)]);
    cards.push([`mAP@${level}`, percentText(heading.map[state.level])]);
    cards.push([`mAP@${heading.levels[0]}:${heading.levels.at(-1)}`, percentText(heading.averageMap)]);
  }
  byId("summary").replaceChildren(...cards.map(([term, value]) => element("div", {}, element("dt", { text: term }), element("dd", { text: value }))));
}
