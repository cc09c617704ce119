// What the analyzer saw: a strip of the whole recording, then emotions, intensity with motion, and
// the AUs as heat, around the clip or over everything. Drawn once; only the cursor moves.
const NONE = 255, TOP = 254;
const LEFT = 104, RIGHT = 10, OVERVIEW = 20, GAP = 6, AXIS = 16; // px
const AROUND_S = 2; // shown before and after the clip
const COLOURS = ["#6b6b6b", "#3b6fb6", "#b58100", "#7b4ba3", "#2f7d36", "#c8372d", "#c2447a"];
const INTENSITY = "#1c2430", MOTION = "#d06a00", SHADE = "#eaf1f8", ACCENT = "#1d5c96";
const MARKS = { onset: "#2f7d36", apex: "#c8372d", offset: "#7b4ba3" };

// The first index whose time is not before t.
function place(times, t) {
  let low = 0, high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] < t) low = middle + 1;
    else high = middle;
  }
  return low;
}

export class Curves {
  constructor(box, { say, emotions, aus, seek }) {
    this.box = box;
    [this.plot, this.over] = box.querySelectorAll("canvas");
    Object.assign(this, { say, emotions, aus, all: false, rows: null, marks: {} });
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

  at(frame) {
    this.frame = frame;
    this.#cursor();
  }

  mark(code) {
    this.marks = code;
    this.#cursor();
  }

  get span() {
    const { times, item } = this, end = times[times.length - 1];
    if (this.all) return [times[0], end];
    return [
      Math.max(times[0], times[item.first] - AROUND_S),
      Math.min(end, times[item.last] + AROUND_S),
    ];
  }

  #resize() {
    const { width, height } = this.box.getBoundingClientRect(), ratio = devicePixelRatio;
    for (const canvas of [this.plot, this.over]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
    }
    Object.assign(this, { width, height });
    if (this.item) this.draw();
  }

  get bands() {
    const rest = this.height - OVERVIEW - AXIS - 3 * GAP;
    const emotions = Math.round(rest * 0.34), sums = Math.round(rest * 0.16);
    const top = OVERVIEW + GAP, second = top + emotions + GAP, third = second + sums + GAP;
    return {
      overview: [0, OVERVIEW],
      emotions: [top, emotions],
      sums: [second, sums],
      aus: [third, rest - emotions - sums],
    };
  }

  draw() {
    const context = this.plot.getContext("2d");
    context.clearRect(0, 0, this.width, this.height);
    if (this.rows && this.width > LEFT + RIGHT + 50) {
      const { overview, emotions, sums, aus } = this.bands;
      const whole = [this.times[0], this.times[this.times.length - 1]];
      this.#shade(context);
      this.#line(context, "intensity", whole, overview, INTENSITY, 0.8);
      this.emotions.forEach((name, index) => {
        this.#line(context, name, this.span, emotions, COLOURS[index], 1.3);
        const y = emotions[0] + ((index + 0.5) * emotions[1]) / this.emotions.length;
        this.#label(context, this.say(name), LEFT - 8, y, COLOURS[index], 11);
      });
      this.#line(context, "intensity", this.span, sums, INTENSITY, 1.3);
      this.#line(context, "motion", this.span, sums, MOTION, 1.3);
      const y = sums[0] + sums[1] / 2;
      this.#label(context, this.say("intensity_curve"), LEFT - 8, y - 7, INTENSITY, 11);
      this.#label(context, this.say("motion_curve"), LEFT - 8, y + 7, MOTION, 11);
      this.#heat(context, aus);
      this.#axis(context);
    }
    this.#cursor();
  }

  #label(context, text, x, y, colour, size) {
    context.fillStyle = colour;
    context.font = `${size}px system-ui, "DejaVu Sans", sans-serif`;
    context.textAlign = "right";
    context.textBaseline = "middle";
    context.fillText(text, x, y);
  }

  #shade(context) {
    const { item, times } = this, { overview, emotions, aus } = this.bands;
    const [from, to] = [times[item.first], times[item.last]];
    context.fillStyle = SHADE;
    const left = this.#x(from), bottom = aus[0] + aus[1];
    context.fillRect(left, emotions[0], this.#x(to) - left, bottom - emotions[0]);
    const whole = [times[0], times[times.length - 1]], start = this.#x(from, whole);
    context.fillStyle = "#c9dcee";
    context.fillRect(start, overview[0], Math.max(2, this.#x(to, whole) - start), OVERVIEW);
    context.strokeStyle = "#c8cfd8";
    context.strokeRect(LEFT + 0.5, overview[0] + 0.5, this.width - LEFT - RIGHT - 1, OVERVIEW - 1);
  }

  #x(t, span = this.span) {
    return LEFT + ((t - span[0]) / (span[1] - span[0] || 1)) * (this.width - LEFT - RIGHT);
  }

  // Lowest and highest value of each column of pixels, so that no peak is lost.
  #line(context, name, span, [top, height], colour, width) {
    const values = this.rows.get(name), { times } = this;
    const first = Math.max(0, place(times, span[0]) - 1);
    const last = Math.min(times.length - 1, place(times, span[1]) + 1);
    const y = (value) => top + height - 1 - (value / TOP) * (height - 2);
    context.save();
    context.beginPath();
    context.rect(LEFT, top, this.width - LEFT - RIGHT, height);
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
    const columns = Math.max(1, Math.round(this.width - LEFT - RIGHT)), { times } = this;
    const [from, to] = this.span, count = this.aus.length;
    const edges = Array.from({ length: columns + 1 }, (_, c) =>
      place(times, from + ((to - from) * c) / columns));
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
    context.drawImage(small, LEFT, top, this.width - LEFT - RIGHT, height);
    this.aus.forEach((name, row) => {
      const x = LEFT - 8 - (row % 2 ? 38 : 0), y = top + ((row + 0.5) * height) / count;
      this.#label(context, name, x, y, "#4a5568", 10);
    });
  }

  #axis(context) {
    const [from, to] = this.span, wide = this.width - LEFT - RIGHT;
    const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600];
    const step = steps.find((s) => (wide * s) / (to - from) >= 70) ?? 600;
    context.textBaseline = "bottom";
    for (let t = Math.ceil(from / step) * step; t <= to; t += step) {
      const text = step < 1 ? `${t.toFixed(1)} s` : `${Math.round(t)} s`;
      const x = this.#x(t);
      if (x > LEFT + 14 && x < this.width - 18) {
        context.fillStyle = "#4a5568";
        context.font = '10px system-ui, "DejaVu Sans", sans-serif';
        context.textAlign = "center";
        context.textBaseline = "bottom";
        context.fillText(text, x, this.height - 1);
      }
    }
  }

  #cursor() {
    if (!this.item || !this.width) return;
    const context = this.over.getContext("2d"), { times } = this;
    context.clearRect(0, 0, this.width, this.height);
    if (!this.rows) return;
    const { overview, emotions, aus } = this.bands, bottom = aus[0] + aus[1];
    const whole = [times[0], times[times.length - 1]];
    const upright = (x, top, end, colour, width) => {
      if (x < LEFT - 1 || x > this.width - RIGHT + 1) return;
      context.fillStyle = colour;
      context.fillRect(x - width / 2, top, width, end - top);
    };
    for (const [name, colour] of Object.entries(MARKS)) {
      if (this.marks[name] == null) continue;
      upright(this.#x(times[this.marks[name]]), emotions[0], bottom, colour, 1.5);
    }
    upright(this.#x(times[this.frame]), emotions[0], bottom, ACCENT, 2);
    upright(this.#x(times[this.frame], whole), overview[0], OVERVIEW, ACCENT, 2);
  }

  #frameAt(event) {
    const { left, top } = this.over.getBoundingClientRect(), x = event.clientX - left - LEFT;
    if (!this.rows || x < 0) return null;
    const { times } = this, whole = [times[0], times[times.length - 1]];
    const [from, to] = event.clientY - top < OVERVIEW ? whole : this.span;
    const t = from + (x / (this.width - LEFT - RIGHT)) * (to - from);
    const after = Math.min(place(times, t), times.length - 1);
    return after && t - times[after - 1] < times[after] - t ? after - 1 : after;
  }
}
