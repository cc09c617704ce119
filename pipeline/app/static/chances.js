// The probability of each class over the whole recording, intervals shaded, a cursor at the frame
// on the screen. Drawn once; only the cursor and the values at it move.
const LEFT = 34, RIGHT = 128, TOP = 10, AXIS = 20, ROW = 17; // px
const RULE = "#e6e9ee", INK = "#1c2430", SOFT = "#4a5568";
const MOMENTS = { onset: "#2f7d36", apex: "#c8372d", offset: "#7b4ba3" };

export class Chances {
  constructor(box, { classes, colours, intervals, say, language, seek }) {
    [this.plot, this.over] = box.querySelectorAll("canvas");
    Object.assign(this, { box, classes, colours, intervals, say, language, frame: 0, seconds: [] });
    new ResizeObserver(() => this.#resize()).observe(box);
    const go = (event) => this.seconds.length && seek(this.#frameAt(event));
    this.over.addEventListener("pointerdown", (event) => {
      this.over.setPointerCapture(event.pointerId);
      go(event);
    });
    this.over.addEventListener("pointermove", (event) => event.buttons && go(event));
  }

  // `seconds` of each frame; `chances` of each class, null where no face is seen.
  load(seconds, chances) {
    Object.assign(this, { seconds, chances });
    this.draw();
  }

  at(frame) {
    this.frame = frame;
    this.#cursor();
  }

  #resize() {
    const { width, height } = this.box.getBoundingClientRect(), ratio = devicePixelRatio;
    for (const canvas of [this.plot, this.over]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
    }
    Object.assign(this, { width, height });
    this.draw();
  }

  get end() {
    return this.seconds.at(-1) || 1;
  }

  #x(at) {
    return LEFT + (at / this.end) * (this.width - LEFT - RIGHT);
  }

  #y(chance) {
    return TOP + (1 - chance) * (this.height - TOP - AXIS);
  }

  draw() {
    const context = this.plot.getContext("2d");
    if (!this.width || !this.seconds.length) return;
    context.clearRect(0, 0, this.width, this.height);
    for (const interval of this.intervals) this.#interval(context, interval);
    for (const level of [0, 0.5, 1]) {
      context.fillStyle = RULE;
      context.fillRect(LEFT, this.#y(level), this.width - LEFT - RIGHT, 1);
      this.#text(context, level.toLocaleString(this.language), LEFT - 6, this.#y(level), SOFT, "right");
    }
    this.#axis(context);
    this.classes.forEach((name, index) => this.#curve(context, name, this.chances[index]));
    this.#cursor();
  }

  #interval(context, { start, end, predicted, ...moments }) {
    const left = this.#x(start), right = this.#x(Math.min(end, this.end));
    context.fillStyle = this.colours[predicted];
    context.globalAlpha = 0.16;
    context.fillRect(left, TOP, Math.max(right - left, 1), this.height - TOP - AXIS);
    context.globalAlpha = 1;
    for (const [name, colour] of Object.entries(MOMENTS)) {
      if (moments[name] < start || moments[name] > end) continue;
      context.fillStyle = colour;
      context.fillRect(this.#x(moments[name]) - 0.5, TOP, 1, this.height - TOP - AXIS);
    }
  }

  #curve(context, name, values) {
    context.beginPath();
    let drawing = false;
    values.forEach((value, frame) => {
      if (value !== null) context[drawing ? "lineTo" : "moveTo"](this.#x(this.seconds[frame]), this.#y(value));
      drawing = value !== null;
    });
    context.strokeStyle = this.colours[name];
    context.lineWidth = 1.6;
    context.lineJoin = "round";
    context.stroke();
  }

  #axis(context) {
    const wide = this.width - LEFT - RIGHT, steps = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120];
    const step = steps.find((s) => (wide * s) / this.end >= 56) ?? 300;
    for (let t = 0; t <= this.end + 1e-9; t += step) {
      const text = (Math.round(t * 100) / 100).toLocaleString(this.language);
      this.#text(context, `${text} s`, this.#x(t), this.height - AXIS / 2, SOFT, "center");
    }
  }

  #cursor() {
    const context = this.over.getContext("2d");
    if (!this.width || !this.seconds.length) return;
    context.clearRect(0, 0, this.width, this.height);
    context.fillStyle = INK;
    context.fillRect(this.#x(this.seconds[this.frame]) - 0.75, TOP, 1.5, this.height - TOP - AXIS);
    this.classes.forEach((name, index) => {
      const value = this.chances[index][this.frame], y = TOP + ROW * (index + 0.5);
      context.fillStyle = this.colours[name];
      context.fillRect(this.width - RIGHT + 8, y - 5, 10, 10);
      const text = value === null ? "–" : value.toLocaleString(this.language, {
        minimumFractionDigits: 2, maximumFractionDigits: 2 });
      this.#text(context, this.say(name), this.width - RIGHT + 23, y, INK, "left");
      this.#text(context, text, this.width - 8, y, INK, "right");
    });
  }

  #text(context, text, x, y, colour, align) {
    context.fillStyle = colour;
    context.font = '11px system-ui, "DejaVu Sans", sans-serif';
    context.textAlign = align;
    context.textBaseline = "middle";
    context.fillText(text, x, y);
  }

  #frameAt(event) {
    const box = this.over.getBoundingClientRect(), wide = this.width - LEFT - RIGHT;
    const at = ((event.clientX - box.left - LEFT) / wide) * this.end;
    let low = 0, high = this.seconds.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.seconds[middle] < at) low = middle + 1;
      else high = middle;
    }
    return low > 0 && at - this.seconds[low - 1] < this.seconds[low] - at ? low - 1 : low;
  }
}
