// All videos: a few numbers, and a table whose rows open a video.

let videoGrid = null;
let videoRows = [];

/** One row for each video, at the chosen tIoU and score. */
function summariseVideos() {
  return heading.videos.map((video, index) => {
    const data = videoData(index);
    const [kinds, taken] = [data.kind(state.level), data.taken(state.level)];
    const row = { index, name: video.name, duration: video.duration, found: 0, marked: data.m, correct: 0, wrong: 0, missed: 0 };
    for (let i = 0; i < data.n; i++) {
      if (!(data.score[i] >= state.minScore)) continue;
      row.found++;
      if (kinds) row[kinds[i] === 0 ? "correct" : "wrong"]++;
    }
    for (let j = 0; taken && j < data.m; j++) row.missed += taken[j] >= state.minScore ? 0 : 1;
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
    { key: "duration", title: "Length", width: narrow ? "54px" : "minmax(70px, .5fr)", number: true, fill: (cell, row) => { cell.textContent = clockText(row.duration, 0); } },
    number("found", "Found", "Detections"),
  ];
  if (judged) columns.push(number("marked", "Marked", "Marked segments"), { ...number("correct", "✓", "Correct", "38px"), mark: "correct" }, number("wrong", "Wrong", "Detections with an error"), { ...number("missed", "!", "Missed", "38px"), mark: "missed" });
  if (window.innerWidth > 900) columns.splice(1, 0, { key: "strip", title: "Timeline", width: "minmax(160px, 4fr)", fill: addStrip, paint: paintStrip });
  return narrow ? columns.filter(({ key }) => key !== "marked") : columns;
}

function addStrip(cell) {
  cell.append(element("canvas", { class: "strip", "aria-hidden": "true" }));
}

/** Marked segments above detections, as in the strip over the timeline. */
function paintStrip(cell, row) {
  const canvas = cell.firstElementChild;
  const [width, height] = [canvas.clientWidth, 22];
  const data = videoData(row.index);
  const [kinds, taken] = [data.kind(state.level), data.taken(state.level)];
  const context = fitCanvas(canvas, width, height);
  context.fillStyle = colours.well;
  context.fillRect(0, 0, width, height);
  const truths = Array.from(data.truthStart, (start, j) => [start, data.truthEnd[j], taken[j] >= state.minScore ? colours.marked : colours.missed]);
  const first = row.index ? heading.detectionEnds[row.index - 1] : 0;
  const detections = [];
  for (let i = 0; i < data.n; i++) {
    if (state.shown[first + i]) detections.push([data.start[i], data.end[i], colours[kinds ? heading.kinds[kinds[i]] : "plain"]]);
  }
  context.globalAlpha = 0.85;
  drawStrip(context, width, height, row.duration, truths, detections);
}

function setUpOverview() {
  videoGrid = new Grid(byId("video-grid"), {
    label: "Videos",
    columns: videoColumns(),
    rowHeight: 32,
    empty: "No video.",
    activate: (row) => { location.hash = hashOf(row.index); },
    sorted: showVideos,
  });
}

function showVideos() {
  if (state.video) return;
  videoRows = summariseVideos();
  showSummary();
  const { key, rising } = videoGrid.sort;
  const by = key === "strip" ? "index" : key;
  const sorted = [...videoRows].sort((a, b) => (a[by] < b[by] ? -1 : a[by] > b[by] ? 1 : a.index - b.index));
  videoGrid.setRows(rising ? sorted : sorted.reverse(), null);
}

function showSummary() {
  const sum = (key) => countText(videoRows.reduce((total, row) => total + row[key], 0));
  const cards = [["Videos", countText(videoRows.length)], ["Length", clockText(videoRows.reduce((t, row) => t + row.duration, 0), 0)], ["Found", sum("found")]];
  if (judged) {
    const level = heading.levels[state.level].toFixed(2);
    cards.push(["Marked", sum("marked")], [`Correct at ${level}`, sum("correct")], [`Missed at ${level}`, sum("missed")]);
    cards.push([`mAP@${level}`, percentText(heading.map[state.level])]);
    cards.push([`mAP@${heading.levels[0]}:${heading.levels.at(-1)}`, percentText(heading.averageMap)]);
  }
  byId("summary").replaceChildren(...cards.map(([term, value]) => element("div", {}, element("dt", { text: term }), element("dd", { text: value }))));
}
