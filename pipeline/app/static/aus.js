// The AU scores and the mean flow of a clip, a line each, with a cursor at the frame on the screen.
import { decimal, language, say } from "./page.js";
import { INK, MOMENTS, Plot, RULE, SOFT, line, nearest, text, timeAxis, upright } from "./plot.js";

const LEFT = 96, RIGHT = 62, TOP = 8, AXIS = 18; // px
const LINE = { colour: "#1d5c96", fill: "#e3eef8" }, MOTION = { colour: "#b45a00", fill: "#fdf0e0" };
const COLUMNS_PX = 900; // a box wider than this has the AUs in two columns

export class Aus extends Plot {
  constructor(box, { aus, moments, seek }) {
    super(box, seek);
    Object.assign(this, { aus, moments, lines: [] });
  }

  // `times` of each frame in s, `scores` AUs of each frame (null where there is none), mean flow.
  load(times, scores, motion) {
    const known = this.aus.map((name, index) => [name, scores.map((row) => row[index] ?? null)])
      .filter(([, values]) => values.some((value) => value !== null));
    this.lines = known.map(([name, values]) => ({ name, values, top: 1, ...LINE }));
    const most = Math.max(...motion, 1e-6), unit = " %";
    this.lines.unshift({ name: say("motion"), values: [...motion], top: most, unit, ...MOTION });
    this.times = times;
    this.draw();
    return known.length > 0;
  }

  // Where each line stands: columns side by side where there is room.
  get places() {
    const columns = this.width > COLUMNS_PX ? 2 : 1, wide = this.width / columns;
    const each = Math.ceil(this.lines.length / columns);
    const high = (this.height - TOP - AXIS) / each;
    return this.lines.map((row, index) => ({
      row,
      left: Math.floor(index / each) * wide + LEFT,
      right: (Math.floor(index / each) + 1) * wide - RIGHT,
      top: TOP + (index % each) * high,
      high,
    }));
  }

  // One place of each column.
  get columns() {
    return new Map(this.places.map((place) => [place.left, place])).values();
  }

  get span() {
    return [this.times[0], this.times.at(-1)];
  }

  #x({ left, right }, frame) {
    const [from, to] = this.span;
    return left + ((this.times[frame] - from) / (to - from || 1)) * (right - left);
  }

  drawStill(context) {
    for (const place of this.places) this.#line(context, place);
    for (const { left, right } of this.columns) {
      const axis = { left, right, y: this.height - AXIS / 2, edge: this.width };
      timeAxis(context, axis, this.span, language);
    }
  }

  #line(context, place) {
    const { row, left, right, top, high } = place, base = top + high - 1.5;
    const y = (value) => base - (Math.min(value, row.top) / row.top) * (high - 4);
    context.fillStyle = RULE;
    context.fillRect(left, base + 0.5, right - left, 1);
    text(context, row.name, left - 8, top + high / 2, row.unit ? row.colour : SOFT);
    const points = row.values.map((value, frame) => value === null ? null : [this.#x(place, frame), y(value)]);
    line(context, points, { ...row, width: 1.3, base });
  }

  drawMoving(context) {
    const bottom = this.height - AXIS;
    for (const place of this.columns) {
      for (const [name, colour] of Object.entries(MOMENTS)) {
        const frame = this.moments[name];
        if (frame == null || frame >= this.times.length) continue;
        upright(context, this.#x(place, frame), TOP, bottom, colour);
      }
      upright(context, this.#x(place, this.frame), TOP, bottom, INK);
    }
    for (const { row, right, top, high } of this.places) {
      const value = row.values[this.frame] ?? null;
      const told = value === null ? "–" : decimal(value, 2) + (row.unit ?? "");
      text(context, told, right + 8, top + high / 2, INK, "left");
    }
  }

  frameAt(x) {
    const place = this.places.find(({ left, right }) => x >= left - 8 && x <= right + 8);
    if (!place) return null;
    const [from, to] = this.span, part = (x - place.left) / (place.right - place.left);
    return nearest(this.times, from + part * (to - from));
  }
}
