// A table of any length: only visible rows exist. It is one tab stop; arrow keys change the current
// row.

const ROW_HEIGHT = 28;
const SPARE_ROWS = 6; // rows kept above and below the visible ones

let gridCount = 0;

/**
 * options: label; columns of {key, title, width (CSS), number, fill(cell, row)};
 * rowHeight; activate(row); empty(), which returns the text to show if there are no rows.
 */
class Grid {
  constructor(host, options) {
    this.options = { rowHeight: ROW_HEIGHT, ...options };
    this.id = `grid${gridCount++}`;
    this.rows = [];
    this.current = -1; // index into rows, or -1
    this.sort = { key: options.columns[0].key, rising: true };
    this.build(host);
    this.draw = oncePerFrame(() => this.drawNow());
    new ResizeObserver(() => this.draw()).observe(this.body);
  }

  build(host) {
    const { label } = this.options;
    this.root = element("div", { class: "grid", role: "grid", tabindex: "0", "aria-label": label });
    this.head = element("div", { class: "grid-head", role: "row", "aria-rowindex": "1" });
    this.space = element("div", { class: "grid-space", role: "presentation" });
    this.body = element("div", { class: "grid-body", role: "rowgroup" }, this.space);
    this.empty = element("p", { class: "grid-empty", hidden: true });
    const group = element("div", { role: "rowgroup" }, this.head);
    this.root.append(group, this.body);
    host.replaceChildren(this.root, this.empty);
    this.body.addEventListener("scroll", () => this.draw());
    this.root.addEventListener("keydown", (event) => this.pressed(event));
    this.setColumns(this.options.columns);
  }

  setColumns(columns) {
    this.columns = columns;
    this.template = columns.map((column) => column.width).join(" ");
    this.head.style.gridTemplateColumns = this.template;
    this.head.replaceChildren(...columns.map((column, i) => this.heading(column, i)));
    this.root.setAttribute("aria-colcount", columns.length);
    this.pool = new Map();
    this.space.replaceChildren();
    this.showSort();
  }

  heading(column, i) {
    const button = element("button", { type: "button", tabindex: "-1", title: `Sort by ${column.name ?? column.title}`, "aria-label": column.name ?? column.title }, column.mark ? kindMark(column.mark) : column.title);
    button.addEventListener("click", () => {
      const rising = this.sort.key === column.key ? !this.sort.rising : !column.number || column.rising === true;
      this.sort = { key: column.key, rising };
      this.showSort();
      this.options.sorted();
    });
    return element("div", { role: "columnheader", class: column.number ? "number" : "", "aria-colindex": i + 1, "data-key": column.key }, button);
  }

  showSort() {
    for (const cell of this.head.children) {
      const mine = cell.dataset.key === this.sort.key;
      cell.setAttribute("aria-sort", mine ? (this.sort.rising ? "ascending" : "descending") : "none");
    }
  }

  /** Replaces the rows; `current` becomes the current row if it is among them. */
  setRows(rows, current) {
    this.rows = rows;
    this.current = rows.indexOf(current);
    this.root.setAttribute("aria-rowcount", rows.length + 1);
    this.space.style.height = `${rows.length * this.options.rowHeight}px`;
    this.empty.hidden = rows.length > 0;
    if (!rows.length) this.empty.textContent = this.options.empty();
    this.pool.forEach((made) => made.remove());
    this.pool.clear();
    this.draw();
  }

  setCurrent(row, scroll = true) {
    this.current = this.rows.indexOf(row);
    if (this.current >= 0 && scroll) this.scrollTo(this.current);
    this.drawNow();
  }

  scrollTo(place) {
    const height = this.options.rowHeight;
    const { scrollTop, clientHeight } = this.body;
    if (place * height < scrollTop) this.body.scrollTop = place * height;
    else if ((place + 1) * height > scrollTop + clientHeight) this.body.scrollTop = (place + 1) * height - clientHeight;
  }

  drawNow() {
    const height = this.options.rowHeight;
    this.head.style.paddingRight = `${this.body.offsetWidth - this.body.clientWidth}px`;
    const first = clamp(Math.floor(this.body.scrollTop / height) - SPARE_ROWS, 0, this.rows.length);
    const last = Math.min(this.rows.length, Math.ceil((this.body.scrollTop + this.body.clientHeight) / height) + SPARE_ROWS);
    for (const [place, made] of this.pool) {
      if (place >= first && place < last) continue;
      made.remove();
      this.pool.delete(place);
    }
    for (let place = first; place < last; place++) {
      if (!this.pool.has(place)) this.pool.set(place, this.makeRow(place));
      const made = this.pool.get(place);
      made.classList.toggle("current", place === this.current);
      made.setAttribute("aria-selected", String(place === this.current));
    }
    if (this.pool.has(this.current)) this.root.setAttribute("aria-activedescendant", `${this.id}-${this.current}`);
    else this.root.removeAttribute("aria-activedescendant");
  }

  makeRow(place) {
    const row = element("div", { class: "grid-row", role: "row", id: `${this.id}-${place}`, "aria-rowindex": place + 2 });
    row.style.gridTemplateColumns = this.template;
    row.style.height = `${this.options.rowHeight}px`;
    row.style.transform = `translateY(${place * this.options.rowHeight}px)`;
    this.columns.forEach((column, i) => {
      const cell = element("div", { role: "gridcell", class: column.number ? "number" : "", "aria-colindex": i + 1 });
      column.fill(cell, this.rows[place]);
      row.append(cell);
    });
    row.addEventListener("click", () => this.choose(place));
    this.space.append(row);
    paintCells(row, this.columns, this.rows[place]);
    return row;
  }

  choose(place) {
    this.current = place;
    this.scrollTo(place);
    this.drawNow();
    this.options.activate(this.rows[place]);
  }

  pressed(event) {
    if (event.target !== this.root || event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(this.body.clientHeight / this.options.rowHeight) - 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (event.key === "Enter" && this.current >= 0) this.choose(this.current);
    else if (event.key in steps && this.rows.length) {
      this.current = clamp(this.current + steps[event.key], 0, this.rows.length - 1);
      this.scrollTo(this.current);
      this.drawNow();
      this.options.move?.(this.rows[this.current]);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

/** Lets columns with `paint` draw their cells; the row must be in the page, with a width. */
function paintCells(row, columns, value) {
  columns.forEach((column, i) => column.paint?.(row.children[i], value));
}
