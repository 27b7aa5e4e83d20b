// Smallest and largest values of stretches of 1, 4, 16, ... samples. The time to draw a long curve
// then depends on its width in pixels rather than its samples, and no peak is lost.

const PYRAMID_STEP = 4;

class Pyramid {
  /** @param values Uint16Array of T; 0 stands for `low` and 65535 for `high`. */
  constructor(values, low, high) {
    this.values = values;
    this.low = low;
    this.scale = (high - low) / 65535;
    this.levels = [{ min: values, max: values }];
    while (this.levels.at(-1).min.length > PYRAMID_STEP) this.levels.push(this.coarser(this.levels.at(-1)));
  }

  coarser({ min, max }) {
    const length = Math.ceil(min.length / PYRAMID_STEP);
    const next = { min: new Uint16Array(length).fill(65535), max: new Uint16Array(length) };
    for (let i = 0; i < min.length; i++) {
      const to = (i / PYRAMID_STEP) | 0;
      if (min[i] < next.min[to]) next.min[to] = min[i];
      if (max[i] > next.max[to]) next.max[to] = max[i];
    }
    return next;
  }

  at(index) {
    return this.low + this.scale * this.values[clamp(index, 0, this.values.length - 1)];
  }

  /** The value at a position in samples, interpolated linearly. */
  between(position) {
    const index = Math.floor(position);
    const share = position - index;
    return (1 - share) * this.at(index) + share * this.at(index + 1);
  }

  /** [smallest, largest] of samples first .. last, both included; both must exist. */
  extremes(first, last) {
    let [low, high] = [65535, 0];
    let [from, to, level] = [first, last, 0];
    const take = (at) => {
      const { min, max } = this.levels[level];
      if (min[at] < low) low = min[at];
      if (max[at] > high) high = max[at];
    };
    while (from <= to) {
      const top = level === this.levels.length - 1;
      while (from <= to && (top || from % PYRAMID_STEP)) take(from++);
      while (from <= to && (to + 1) % PYRAMID_STEP) take(to--);
      from /= PYRAMID_STEP;
      to = (to + 1) / PYRAMID_STEP - 1;
      level++;
    }
    return [this.low + this.scale * low, this.low + this.scale * high];
  }
}
