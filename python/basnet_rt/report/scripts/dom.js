// Elements, numbers as text, and the live region. Text is always inserted as text, never as HTML.

const byId = (id) => document.getElementById(id);

/** A new element; `properties` become attributes, except `text` and `on` (event handlers). */
function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "text") made.textContent = value;
    else if (name === "on") for (const [type, act] of Object.entries(value)) made.addEventListener(type, act);
    else if (value !== null && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** 83.25 -> "1:23.2"; hours appear only if there are any. Digits are cut off, not rounded. */
function clockText(seconds, digits = 1) {
  const scale = 10 ** digits;
  const whole = Math.floor(Math.max(0, seconds) * scale + 1e-6);
  const rest = String((whole % (60 * scale)) / scale >= 10 ? "" : "0");
  const tail = ((whole % (60 * scale)) / scale).toFixed(digits);
  const minutes = Math.floor(whole / (60 * scale));
  const hours = Math.floor(minutes / 60);
  if (!hours) return `${minutes}:${rest}${tail}`;
  return `${hours}:${String(minutes % 60).padStart(2, "0")}:${rest}${tail}`;
}

const countFormat = new Intl.NumberFormat("en");
const countText = (count) => countFormat.format(count);
const percentText = (value) => (value === null || value === undefined ? "–" : (100 * value).toFixed(1));
const manyText = (count, one, many = `${one}s`) => `${countText(count)} ${count === 1 ? one : many}`;

let announcing = 0;

/** Gives a screen reader a text to speak, after 350 ms without another text. */
function announce(text) {
  clearTimeout(announcing);
  announcing = setTimeout(() => { byId("live").textContent = text; }, 350);
}

/** Returns a function; any number of calls to it run `draw` once, before the next frame. */
function oncePerFrame(draw) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; draw(); });
  };
}

/** As oncePerFrame, but not again within `wait` milliseconds; the last call is always served. */
function seldom(draw, wait) {
  let [waiting, last] = [false, -Infinity];
  const run = oncePerFrame(() => { [waiting, last] = [false, performance.now()]; draw(); });
  return () => {
    if (waiting) return;
    waiting = true;
    setTimeout(run, Math.max(0, last + wait - performance.now()));
  };
}

/** Fits a canvas to its CSS size and the screen's pixels; returns a context in CSS pixels. */
function fitCanvas(canvas, width, height) {
  const ratio = Math.min(window.devicePixelRatio || 1, 3);
  const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== wide || canvas.height !== high) {
    canvas.width = wide;
    canvas.height = high;
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

/** Settings that stay after the page is closed, if the browser allows it. */
const memory = {
  get(name) { try { return localStorage.getItem(`basnet_rt.${name}`); } catch { return null; } },
  /** Returns true if the value is kept; a page from a file may have no storage, or a full one. */
  set(name, value) { try { localStorage.setItem(`basnet_rt.${name}`, value); return true; } catch { return false; } },
};
