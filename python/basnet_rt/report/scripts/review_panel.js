// The bar below the timeline: the buttons of a review, and the number of corrections so far.

function setUpReview() {
  const click = (id, act) => byId(id).addEventListener("click", act);
  click("accept", acceptSelected);
  click("reject", rejectSelected);
  click("edge-start", () => edgeHere("start"));
  click("edge-end", () => edgeHere("end"));
  click("add-segment", () => addSegment(state.time, state.time + NEW_SECONDS));
  click("undo", undoCorrection);
  click("export", exportReview);
  byId("reviewed").addEventListener("change", toggleReviewed);
  byId("import").addEventListener("change", async ({ target }) => {
    if (target.files.length) await readReviewFile(target.files[0]);
    target.value = "";
  });
  byId("relabel").addEventListener("change", ({ target }) => relabelSelected(target.value.trim()));
  byId("relabel").addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === "Escape") byId("surface").focus();
  });
  window.addEventListener("beforeunload", (event) => {
    if (!review.kept && !review.exported) event.preventDefault();
  });
  listClassNames();
}

function listClassNames() {
  byId("class-names").replaceChildren(...heading.classes.map((value) => element("option", { value })));
}

/** Updates verdicts and corrections of the open video; runs after every change. */
function applyReview() {
  const { video } = state;
  if (!video) return;
  const entry = reviewOf(video.index);
  video.own = entry.own;
  video.verdict = verdicts(video);
  if (state.selectOwn) state.selected = video.n + video.m + entry.own.indexOf(state.selectOwn);
  state.selectOwn = null;
}

function showReview() {
  const done = heading.videos.filter((_, index) => reviewState(index) === "reviewed").length;
  const begun = heading.videos.filter((_, index) => reviewState(index) === "begun").length;
  byId("export-count").textContent = done + begun ? ` (${countText(done + begun)})` : "";
  byId("export").disabled = done + begun === 0;
  byId("undo").disabled = review.undo.length === 0;
  if (!review.kept) {
    byId("review-note").textContent = "This browser keeps nothing for this page: export before you close it.";
  }
  if (!state.video) return;
  const entry = reviewOf(state.video.index);
  byId("reviewed").checked = entry.done;
  const parts = [manyText(entry.own.length, "segment")];
  if (entry.rejected.size) parts.push(`${countText(entry.rejected.size)} rejected`);
  byId("review-counts").textContent = isTouched(entry) ? parts.join(", ") : "Nothing corrected yet.";
  showSelection();
}

/** Enables the buttons that need a selected segment, or disables them. */
function showSelection() {
  const none = state.selected < 0;
  for (const id of ["accept", "reject", "edge-start", "edge-end", "relabel"]) byId(id).disabled = none;
  byId("relabel").value = none ? "" : itemLabel(state.selected);
}
