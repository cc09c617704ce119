// The probability of each class over the whole recording, intervals shaded, a cursor at the frame
// on the screen.
import { decimal, language, say } from "./page.js";
import { INK, MOMENTS, Plot, RULE, SOFT, line, nearest, text, timeAxis, upright } from "./plot.js";

const LEFT = 34, RIGHT = 128, TOP = 10, AXIS = 20, ROW = 17; // px

export class Chances extends Plot {
  constructor(box, { classes, colours, intervals, seek }) {
    super(box, seek);
    Object.assign(this, { classes, colours, intervals });
  }

  // `times` of each frame in s; `chances` of each class, null where no face is seen.
  load(times, chances) {
    Object.assign(this, { times, chances });
    this.draw();
  }

  get end() {
    return this.times.at(-1) || 1;
  }

  get right() {
    return this.width - RIGHT;
  }

  get bottom() {
    return this.height - AXIS;
  }

  #x(at) {
    return LEFT + (at / this.end) * (this.right - LEFT);
  }

  #y(chance) {
    return TOP + (1 - chance) * (this.bottom - TOP);
  }

  drawStill(context) {
    for (const interval of this.intervals) this.#interval(context, interval);
    for (const level of [0, 0.5, 1]) {
      context.fillStyle = RULE;
      context.fillRect(LEFT, this.#y(level), this.right - LEFT, 1);
      text(context, level.toLocaleString(language), LEFT - 6, this.#y(level), SOFT);
    }
    const axis = { left: LEFT, right: this.right, y: this.height - AXIS / 2, edge: this.width };
    timeAxis(context, axis, [0, this.end], language);
    this.classes.forEach((name, index) => {
      const points = this.chances[index].map((chance, frame) =>
        chance === null ? null : [this.#x(this.times[frame]), this.#y(chance)]);
      line(context, points, { colour: this.colours[name], width: 1.6 });
    });
  }

  #interval(context, { start, end, predicted, ...moments }) {
    const left = this.#x(start), right = this.#x(Math.min(end, this.end));
    context.fillStyle = this.colours[predicted];
    context.globalAlpha = 0.16;
    context.fillRect(left, TOP, Math.max(right - left, 1), this.bottom - TOP);
    context.globalAlpha = 1;
    for (const [name, colour] of Object.entries(MOMENTS)) {
      if (moments[name] < start || moments[name] > end) continue;
      upright(context, this.#x(moments[name]), TOP, this.bottom, colour, 1);
    }
  }

  drawMoving(context) {
    upright(context, this.#x(this.times[this.frame]), TOP, this.bottom, INK);
    this.classes.forEach((name, index) => {
      const value = this.chances[index][this.frame], y = TOP + ROW * (index + 0.5);
      context.fillStyle = this.colours[name];
      context.fillRect(this.right + 8, y - 5, 10, 10);
      text(context, say(name), this.right + 23, y, INK, "left");
      text(context, value === null ? "–" : decimal(value, 2), this.width - 8, y, INK);
    });
  }

  frameAt(x) {
    return nearest(this.times, ((x - LEFT) / (this.right - LEFT)) * this.end);
  }
}
