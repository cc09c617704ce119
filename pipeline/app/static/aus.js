// The AU scores and the mean flow of a clip, a line each, with a cursor at the frame on the screen.
// Drawn once; only the cursor and the values at it move.
const LEFT = 96, RIGHT = 62, TOP = 8, AXIS = 18; // px
const LINE = "#1d5c96", FILL = "#e3eef8", MOTION = "#b45a00", MOTION_FILL = "#fdf0e0";
const RULE = "#e6e9ee", INK = "#1c2430", SOFT = "#4a5568", CURSOR = "#1c2430";
const MARKS = { onset: "#2f7d36", apex: "#c8372d", offset: "#7b4ba3" };
const COLUMNS_PX = 900; // a box wider than this has the AUs in two columns

export class Aus {
  constructor(box, { say, aus, moments, seek, language }) {
    [this.plot, this.over] = box.querySelectorAll("canvas");
    Object.assign(this, { box, say, aus, moments, language, frame: 0, lines: [] });
    new ResizeObserver(() => this.#resize()).observe(box);
    const go = (event) => {
      const frame = this.#frameAt(event);
      if (frame !== null) seek(frame);
    };
    this.over.addEventListener("pointerdown", (event) => {
      this.over.setPointerCapture(event.pointerId);
      go(event);
    });
    this.over.addEventListener("pointermove", (event) => event.buttons && go(event));
  }

  // `seconds` of each frame, `scores` AUs of each frame (null where there is none), mean flow.
  load(seconds, scores, motion) {
    this.seconds = seconds;
    const known = this.aus.map((name, index) => [name, scores.map((row) => row[index] ?? null)])
      .filter(([, values]) => values.some((value) => value !== null));
    this.lines = known.map(([name, values]) => ({ name, values, top: 1 }));
    this.lines.unshift({ name: this.say("motion"), values: [...motion], top: Math.max(...motion, 1e-6), motion: true });
    this.draw();
    return known.length > 0;
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

  // Where each line stands: columns side by side where there is room.
  get places() {
    const columns = this.width > COLUMNS_PX ? 2 : 1, wide = this.width / columns;
    const each = Math.ceil(this.lines.length / columns);
    const high = (this.height - TOP - AXIS) / each;
    return this.lines.map((line, index) => ({
      line,
      left: Math.floor(index / each) * wide + LEFT,
      right: (Math.floor(index / each) + 1) * wide - RIGHT,
      top: TOP + (index % each) * high,
      high,
    }));
  }

  #x({ left, right }, frame) {
    const first = this.seconds[0], last = this.seconds.at(-1);
    return left + ((this.seconds[frame] - first) / (last - first || 1)) * (right - left);
  }

  draw() {
    const context = this.plot.getContext("2d");
    if (!this.width || !this.lines.length) return;
    context.clearRect(0, 0, this.width, this.height);
    for (const place of this.places) this.#line(context, place);
    const bottoms = new Map(this.places.map((place) => [place.left, place]));
    for (const place of bottoms.values()) this.#axis(context, place);
    this.#cursor();
  }

  #text(context, text, x, y, colour, align = "right") {
    context.fillStyle = colour;
    context.font = '11px system-ui, "DejaVu Sans", sans-serif';
    context.textAlign = align;
    context.textBaseline = "middle";
    context.fillText(text, x, y);
  }

  #line(context, place) {
    const { line, left, right, top, high } = place, base = top + high - 1.5;
    const y = (value) => base - (Math.min(value, line.top) / line.top) * (high - 4);
    context.fillStyle = RULE;
    context.fillRect(left, base + 0.5, right - left, 1);
    this.#text(context, line.name, left - 8, top + high / 2, line.motion ? MOTION : SOFT);
    for (let from = 0; from < line.values.length; from += 1) {
      if (line.values[from] === null) continue;
      let end = from;
      while (end + 1 < line.values.length && line.values[end + 1] !== null) end += 1;
      context.beginPath();
      context.moveTo(this.#x(place, from), base);
      for (let index = from; index <= end; index += 1) context.lineTo(this.#x(place, index), y(line.values[index]));
      context.lineTo(this.#x(place, end), base);
      context.fillStyle = line.motion ? MOTION_FILL : FILL;
      context.fill();
      context.beginPath();
      for (let index = from; index <= end; index += 1) context.lineTo(this.#x(place, index), y(line.values[index]));
      context.strokeStyle = line.motion ? MOTION : LINE;
      context.lineWidth = 1.3;
      context.stroke();
      from = end;
    }
  }

  #axis(context, place) {
    const first = this.seconds[0], last = this.seconds.at(-1), wide = place.right - place.left;
    const steps = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30];
    const step = steps.find((s) => (wide * s) / (last - first || 1) >= 60) ?? 60;
    const digits = step < 0.1 ? 2 : step < 1 ? 1 : 0;
    for (let t = Math.ceil(first / step) * step; t <= last + 1e-9; t += step) {
      const x = place.left + ((t - first) / (last - first || 1)) * wide;
      const text = t.toLocaleString(this.language, { minimumFractionDigits: digits, maximumFractionDigits: digits });
      this.#text(context, `${text} s`, x, this.height - AXIS / 2, SOFT, "center");
    }
  }

  #cursor() {
    const context = this.over.getContext("2d");
    if (!this.width) return;
    context.clearRect(0, 0, this.width, this.height);
    if (!this.lines.length) return;
    const places = this.places, bottom = this.height - AXIS;
    for (const place of new Map(places.map((p) => [p.left, p])).values()) {
      for (const [name, colour] of Object.entries(MARKS)) {
        const frame = this.moments[name];
        if (frame === null || frame === undefined || frame >= this.seconds.length) continue;
        context.fillStyle = colour;
        context.fillRect(this.#x(place, frame) - 0.75, TOP, 1.5, bottom - TOP);
      }
      context.fillStyle = CURSOR;
      context.fillRect(this.#x(place, this.frame) - 0.75, TOP, 1.5, bottom - TOP);
    }
    for (const { line, right, top, high } of places) {
      const value = line.values[this.frame];
      const text = value === null || value === undefined ? "–"
        : value.toLocaleString(this.language, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
      this.#text(context, line.motion ? `${text} %` : text, right + 8, top + high / 2, INK, "left");
    }
  }

  #frameAt(event) {
    const box = this.over.getBoundingClientRect(), x = event.clientX - box.left;
    const place = this.places.find(({ left, right }) => x >= left - 8 && x <= right + 8);
    if (!place || !this.lines.length) return null;
    let best = 0;
    this.seconds.forEach((_, frame) => {
      if (Math.abs(this.#x(place, frame) - x) < Math.abs(this.#x(place, best) - x)) best = frame;
    });
    return best;
  }
}
