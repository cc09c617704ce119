// Optical flow as arrows on the face: float32 (frames + 1, 2, 28, 28), u to the right, v down, in
// percent of the distance between the eyes. The last one leads from onset to apex.
const SIDE = 28, CELLS = SIDE * SIDE, DRAWN = 448; // cells of a side, values, px of the canvas
const EVERY = 2; // an arrow for so many cells
const LONGEST_PX = 42, HIGH = 0.99; // the arrow of this quantile of the clip's lengths
const LEAST_PX = 2.5; // a shorter one is not drawn
const ARROW = "#ffd640", SHADE = "rgb(20 24 31 / 45%)";
const NICE = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100]; // percents a scale can show

export class Flow {
  constructor(canvas, film) {
    [canvas.width, canvas.height] = [DRAWN, DRAWN];
    Object.assign(this, { canvas, film, fields: null, apex: false });
    this.context = canvas.getContext("2d", { alpha: false });
  }

  load(buffer) {
    this.fields = new Float32Array(buffer);
    this.count = this.fields.length / (2 * CELLS) - 1;
    this.means = Float64Array.from({ length: this.count }, (_, frame) => this.#mean(frame));
    this.gains = [this.#gain(0, this.count), this.#gain(this.count, this.count + 1)];
  }

  get has() {
    return Boolean(this.fields);
  }

  // Whether a frame has a flow at all: the first one of a clip has none before it.
  moves(frame) {
    return this.has && (this.apex ? this.#mean(this.count) > 0 : this.means[frame] > 0);
  }

  // An arrow of a round length, and in words how far that is; `told` says a number of percent.
  tellScale(told) {
    const { context } = this, gain = this.gains[this.apex ? 1 : 0];
    const percent = NICE.findLast((value) => value * gain <= LONGEST_PX) ?? NICE[0];
    context.fillStyle = "rgb(20 24 31 / 75%)";
    context.fillRect(0, DRAWN - 30, DRAWN, 30);
    context.strokeStyle = context.fillStyle = ARROW;
    this.#arrow(12, DRAWN - 15, percent * gain, 0);
    context.font = '17px system-ui, "DejaVu Sans", sans-serif';
    context.textBaseline = "middle";
    context.fillStyle = "#fff";
    context.fillText(told(percent), 22 + percent * gain, DRAWN - 15);
  }

  draw(frame) {
    const { context, canvas, film } = this;
    context.imageSmoothingEnabled = true;
    context.drawImage(film, 0, 0, DRAWN, DRAWN);
    context.fillStyle = SHADE;
    context.fillRect(0, 0, DRAWN, DRAWN);
    canvas.dataset.frame = frame;
    canvas.dataset.mode = this.apex ? "apex" : "step";
    if (!this.has) return;
    const field = 2 * CELLS * (this.apex ? this.count : frame), cell = DRAWN / SIDE;
    const gain = this.gains[this.apex ? 1 : 0];
    context.strokeStyle = context.fillStyle = ARROW;
    context.lineWidth = 1.5;
    for (let y = 0; y < SIDE; y += EVERY) {
      for (let x = 0; x < SIDE; x += EVERY) {
        const at = field + y * SIDE + x;
        const [u, v] = [this.fields[at] * gain, this.fields[at + CELLS] * gain];
        if (Math.hypot(u, v) >= LEAST_PX) this.#arrow((x + EVERY / 2) * cell, (y + EVERY / 2) * cell, u, v);
      }
    }
  }

  #arrow(x, y, u, v) {
    const { context } = this, length = Math.hypot(u, v), tip = Math.min(6, 2 + length / 4);
    const angle = Math.atan2(v, u), [endX, endY] = [x + u, y + v];
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(endX, endY);
    for (const turn of [-0.5, 0.5]) {
      context.moveTo(endX, endY);
      context.lineTo(endX - tip * Math.cos(angle + turn), endY - tip * Math.sin(angle + turn));
    }
    context.stroke();
  }

  #length(index, cell) {
    const at = 2 * CELLS * index + cell;
    return Math.hypot(this.fields[at], this.fields[at + CELLS]);
  }

  #mean(index) {
    let sum = 0;
    for (let cell = 0; cell < CELLS; cell += 1) sum += this.#length(index, cell);
    return sum / CELLS;
  }

  // Px drawn for a percent, the same in all these fields: what is long moves far.
  #gain(first, end) {
    const lengths = [];
    for (let index = first; index < end; index += 1) {
      for (let cell = 0; cell < CELLS; cell += 3) lengths.push(this.#length(index, cell));
    }
    lengths.sort((a, b) => a - b);
    const high = lengths[Math.floor(HIGH * (lengths.length - 1))] || 1;
    return LONGEST_PX / high;
  }
}
