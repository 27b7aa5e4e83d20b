// Plays the video if there is one, else runs a clock; both are controlled in the same way.

const REASONS = {
  none: "No video file was given. The clock runs without it.",
  broken: "The video file cannot be played from here:",
};

class Player {
  constructor(video) {
    this.video = video;
    this.usesVideo = false;
    this.playing = false;
    this.rate = 1;
    this.last = 0; // time of the clock's last tick, in milliseconds
    this.blob = null;
    video.addEventListener("error", () => this.usesVideo && this.withoutVideo("broken"));
    video.addEventListener("loadedmetadata", () => this.ready());
    video.addEventListener("ended", () => this.pause());
    video.addEventListener("pause", () => this.usesVideo && !video.ended && this.pause());
    video.addEventListener("seeked", () => this.usesVideo && this.moved(this.position()));
    video.addEventListener("click", () => this.toggle());
  }

  /** Opens the file of the current video, at time 0. */
  open() {
    this.pause();
    if (this.blob) URL.revokeObjectURL(this.blob);
    this.blob = null;
    const { media, index } = state.video;
    this.moved(0);
    if (!media) return this.withoutVideo("none");
    this.usesVideo = true;
    this.video.hidden = byId("mute").hidden = false;
    byId("no-video").hidden = true;
    if (!media.url) this.blob = URL.createObjectURL(new Blob([bytesOf(`data-media-${index}`)], { type: media.type }));
    this.video.src = media.url ?? this.blob;
    this.video.playbackRate = this.rate;
  }

  /** Seconds in the file before its first picture; on the page, that picture has time 0. */
  offset() {
    return state.video.media?.offset ?? 0;
  }

  position() {
    return Math.max(0, this.video.currentTime - this.offset());
  }

  show(time) {
    this.video.currentTime = time + this.offset();
  }

  withoutVideo(reason) {
    this.usesVideo = false;
    this.video.removeAttribute("src");
    this.video.hidden = byId("mute").hidden = true;
    byId("no-video").hidden = false;
    const name = reason === "broken" ? ` ${state.video.media.url ?? state.video.media.name}` : "";
    byId("no-video-reason").textContent = REASONS[reason] + name;
    if (reason === "broken") announce(REASONS.broken + name);
  }

  ready() {
    if (Math.abs(this.position() - state.time) > 0.01) this.show(state.time);
    const length = this.video.duration - this.offset();
    if (length > state.video.duration + 0.5 && isFinite(length)) {
      const whole = state.view.end - state.view.start >= state.video.duration - 1e-9;
      state.video.duration = length;
      Object.assign(heading.videos[state.video.index], { duration: length, guessed: false });
      emit("view");
      if (whole) setView(0, state.video.duration);
    }
  }

  play() {
    if (state.time >= state.video.duration - 0.05) this.seek(0);
    this.playing = true;
    this.last = performance.now();
    if (this.usesVideo) this.video.play().catch(() => this.pause());
    requestAnimationFrame((now) => this.tick(now));
    emit("play");
  }

  pause() {
    if (!this.playing) return;
    this.playing = false;
    this.video.pause();
    emit("play");
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  seek(seconds) {
    const time = clamp(seconds, 0, state.video.duration);
    if (this.usesVideo && this.video.readyState > 0) this.show(time);
    this.moved(time);
  }

  setRate(rate) {
    this.rate = rate;
    this.video.playbackRate = rate;
  }

  tick(now) {
    if (!this.playing) return;
    const elapsed = (now - this.last) / 1000;
    this.last = now;
    if (this.usesVideo && !this.video.seeking) this.moved(this.position());
    else if (!this.usesVideo) this.moved(Math.min(state.time + elapsed * this.rate, state.video.duration));
    if (!this.usesVideo && state.time >= state.video.duration) return this.pause();
    this.follow();
    requestAnimationFrame((next) => this.tick(next));
  }

  /** Moves the view on, to begin at the playhead, when the playhead has left it at the end. */
  follow() {
    const { start, end } = state.view;
    if (state.time > end && state.time < end + 5) setView(state.time, state.time + end - start);
  }

  moved(time) {
    state.time = time;
    emit("time");
  }
}
