// The kinds of detections and their look: each has a sign as well as a colour.

const KIND_LOOKS = {
  correct: ["✓", "correct", "takes a marked segment of its label: their tIoU reaches the threshold, and no better detection had taken it"],
  double: ["2×", "double", "reaches the threshold with a marked segment of its label that a better detection has taken"],
  wrong_label: ["≠", "wrong label", "overlaps a marked segment of another label"],
  poor_boundary: ["↔", "poor boundary", "overlaps a marked segment of its label, by 0.1 or more, and less than the threshold"],
  background: ["∅", "background", "overlaps nothing that is marked by 0.1 or more"],
  yours: ["✎", "yours", "accepted, moved or added by you"],
  missed: ["!", "missed", "a marked segment that no shown detection takes"],
};
const judged = heading.kinds.length > 0;
const ALL_KINDS = judged ? [...heading.kinds, "missed"] : [];

const kindSign = (kind) => KIND_LOOKS[kind][0];
const kindName = (kind) => KIND_LOOKS[kind][1];

function kindMark(kind) {
  return element("span", { class: `mark kind-${kind}`, "aria-hidden": "true", text: kindSign(kind) });
}

/** The kind of an item at the chosen tIoU; null without ground truth. */
function itemKind(item) {
  const video = state.video;
  if (isOwn(item)) return "yours";
  if (!judged) return null;
  return item < video.n ? heading.kinds[video.kind(state.level)[item]] : "missed";
}

/** A description of an item in words. */
function itemText(item) {
  const [start, end] = itemSpan(item);
  const kind = itemKind(item);
  const found = item < state.video.n;
  const score = found ? `, score ${state.video.score[item].toFixed(2)}` : "";
  const verdict = found ? state.video.verdict[item] : null;
  const times = `${clockText(start)} to ${clockText(end)}`;
  return `${itemLabel(item)}, ${times}${score}${kind ? `, ${kindName(kind)}` : ""}${verdict ? `, ${verdict}` : ""}`;
}

// Colours for the canvas, read from the style sheet again when the theme changes.
const colours = {};
const COLOUR_NAMES = [
  "surface", "well", "ink", "ink-soft", "line", "line-strong", "accent", "marked", "foreground", "curve",
  "threshold", "playhead", "plain", "mark-ink", "correct", "double", "wrong_label", "poor_boundary",
  "background", "missed", "yours",
];

function readColours() {
  const style = getComputedStyle(document.documentElement);
  for (const name of COLOUR_NAMES) colours[name] = style.getPropertyValue(`--${name}`).trim();
  colours.font = `11px ${getComputedStyle(document.body).fontFamily}`;
}
