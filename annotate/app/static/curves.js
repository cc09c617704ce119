// What the analyzer saw: a strip of the whole recording, then emotions, intensity with motion, and
// the AUs as heat, around the clip or over everything.
import { language, say } from "./page.js";
import { MOMENTS, Plot, SOFT, nearest, notBefore, text, timeAxis, upright } from "./plot.js";

const NONE = 255, TOP = 254;
const LEFT = 104, RIGHT = 10, EDGE = 4, OVERVIEW = 20, GAP = 6, AXIS = 16; // px
const AROUND_S = 2; // shown before and after the clip
const COLOURS = ["#6b6b6b", "#3b6fb6", "#b58100", "#7b4ba3", "#2f7d36", "#c8372d", "#c2447a"];
const INTENSITY = "#1c2430", MOTION = "#d06a00", SHADE = "#eaf1f8", ACCENT = "#1d5c96";

export class Curves extends Plot {
  constructor(box, { emotions, aus, seek }) {
    super(box, seek);
    Object.assign(this, { emotions, aus, all: false, rows: null, marks: {} });
  }

  load(item, times, buffer) {
    Object.assign(this, { item, times, rows: null, frame: item.first });
    if (buffer) {
      const head = new DataView(buffer), count = head.getUint32(0, true);
      const row = (index) => new Uint8Array(buffer, 12 + index * count, count);
      const names = [...this.emotions, ...this.aus, "intensity", "motion"];
      this.rows = new Map(names.map((name, index) => [name, row(index)]));
    }
    this.draw();
  }

  toggleZoom() {
    this.all = !this.all;
    this.draw();
  }

  mark(code) {
    this.marks = code;
    this.move();
  }

  get whole() {
    return [this.times[0], this.times[this.times.length - 1]];
  }

  get span() {
    const { times, item } = this, [start, end] = this.whole;
    if (this.all) return [start, end];
    return [
      Math.max(start, times[item.first] - AROUND_S),
      Math.min(end, times[item.last] + AROUND_S),
    ];
  }

  get right() {
    return this.width - RIGHT;
  }

  get bands() {
    const strip = EDGE + OVERVIEW, rest = this.height - strip - AXIS - 3 * GAP;
    const emotions = Math.round(rest * 0.34), sums = Math.round(rest * 0.16);
    const top = strip + GAP, second = top + emotions + GAP, third = second + sums + GAP;
    return {
      overview: [EDGE, OVERVIEW],
      emotions: [top, emotions],
      sums: [second, sums],
      aus: [third, rest - emotions - sums],
    };
  }

  drawStill(context) {
    if (!this.rows || this.width < LEFT + RIGHT + 50) return;
    const { overview, emotions, sums, aus } = this.bands;
    this.#shade(context);
    this.#line(context, "intensity", this.whole, overview, INTENSITY, 0.8);
    this.emotions.forEach((name, index) => {
      this.#line(context, name, this.span, emotions, COLOURS[index], 1.3);
      const y = emotions[0] + ((index + 0.5) * emotions[1]) / this.emotions.length;
      text(context, say(name), LEFT - 8, y, COLOURS[index]);
    });
    this.#line(context, "intensity", this.span, sums, INTENSITY, 1.3);
    this.#line(context, "motion", this.span, sums, MOTION, 1.3);
    const y = sums[0] + sums[1] / 2;
    text(context, say("intensity_curve"), LEFT - 8, y - 7, INTENSITY);
    text(context, say("motion_curve"), LEFT - 8, y + 7, MOTION);
    this.#heat(context, aus);
    const axis = { left: LEFT, right: this.right, y: this.height - AXIS / 2, edge: this.width };
    timeAxis(context, axis, this.span, language);
  }

  #shade(context) {
    const { item, times } = this, { overview, emotions, aus } = this.bands;
    const [from, to] = [times[item.first], times[item.last]];
    context.fillStyle = SHADE;
    const left = this.#x(from), bottom = aus[0] + aus[1];
    context.fillRect(left, emotions[0], this.#x(to) - left, bottom - emotions[0]);
    const start = this.#x(from, this.whole);
    context.fillStyle = "#c9dcee";
    context.fillRect(start, overview[0], Math.max(2, this.#x(to, this.whole) - start), OVERVIEW);
    context.strokeStyle = "#c8cfd8";
    context.lineWidth = 1;
    context.strokeRect(LEFT + 0.5, overview[0] + 0.5, this.right - LEFT - 1, OVERVIEW - 1);
  }

  #x(t, span = this.span) {
    return LEFT + ((t - span[0]) / (span[1] - span[0] || 1)) * (this.right - LEFT);
  }

  // Lowest and highest value of each column of pixels, so that no peak is lost.
  #line(context, name, span, [top, height], colour, width) {
    const values = this.rows.get(name), { times } = this;
    const first = Math.max(0, notBefore(times, span[0]) - 1);
    const last = Math.min(times.length - 1, notBefore(times, span[1]) + 1);
    const y = (value) => top + height - 1 - (value / TOP) * (height - 2);
    context.save();
    context.beginPath();
    context.rect(LEFT, top, this.right - LEFT, height);
    context.clip();
    context.beginPath();
    let column = null, low = 0, high = 0, open = false;
    const put = () => {
      if (column === null) return;
      if (open) context.lineTo(column, y(low));
      else context.moveTo(column, y(low));
      if (high !== low) context.lineTo(column, y(high));
      open = true;
    };
    for (let index = first; index <= last; index += 1) {
      const value = values[index];
      if (value === NONE) {
        put();
        column = null;
        open = false;
        continue;
      }
      const x = Math.round(this.#x(times[index], span) * 2) / 2;
      if (x === column) [low, high] = [Math.min(low, value), Math.max(high, value)];
      else {
        put();
        [column, low, high] = [x, value, value];
      }
    }
    put();
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke();
    context.restore();
  }

  #heat(context, [top, height]) {
    const columns = Math.max(1, Math.round(this.right - LEFT)), { times } = this;
    const [from, to] = this.span, count = this.aus.length;
    const edges = Array.from({ length: columns + 1 }, (_, c) =>
      notBefore(times, from + ((to - from) * c) / columns));
    const image = new ImageData(columns, count);
    this.aus.forEach((name, row) => {
      const values = this.rows.get(name);
      for (let column = 0; column < columns; column += 1) {
        const first = Math.min(edges[column], times.length - 1);
        let value = values[Math.max(0, edges[column + 1] > first ? first : first - 1)];
        for (let index = first + 1; index < edges[column + 1]; index += 1) {
          if (values[index] !== NONE && (value === NONE || values[index] > value)) {
            value = values[index];
          }
        }
        const part = value === NONE ? 0 : value / TOP, at = 4 * (row * columns + column);
        image.data.set(
          value === NONE
            ? [224, 226, 230, 255]
            : [244 - 233 * part, 246 - 186 * part, 249 - 138 * part, 255],
          at,
        );
      }
    });
    const small = new OffscreenCanvas(columns, count);
    small.getContext("2d").putImageData(image, 0, 0);
    context.imageSmoothingEnabled = false;
    context.drawImage(small, LEFT, top, this.right - LEFT, height);
    this.aus.forEach((name, row) => {
      const x = LEFT - 8 - (row % 2 ? 38 : 0), y = top + ((row + 0.5) * height) / count;
      text(context, name, x, y, SOFT, "right", 10);
    });
  }

  drawMoving(context) {
    if (!this.rows) return;
    const { times, marks } = this, { overview, emotions, aus } = this.bands;
    const bottom = aus[0] + aus[1];
    const inside = (x, ...drawn) => {
      if (x >= LEFT - 1 && x <= this.right + 1) upright(context, x, ...drawn);
    };
    for (const [name, colour] of Object.entries(MOMENTS)) {
      if (marks[name] != null) inside(this.#x(times[marks[name]]), emotions[0], bottom, colour);
    }
    inside(this.#x(times[this.frame]), emotions[0], bottom, ACCENT, 2);
    inside(this.#x(times[this.frame], this.whole), overview[0], EDGE + OVERVIEW, ACCENT, 2);
  }

  frameAt(x, y) {
    if (!this.rows || x < LEFT) return null;
    const [from, to] = y < EDGE + OVERVIEW ? this.whole : this.span;
    return nearest(this.times, from + ((x - LEFT) / (this.right - LEFT)) * (to - from));
  }
}
