// Curves over time on two canvases of a box, one upon the other: below what is drawn once, above
// what moves with the frame on the screen. Sharp on any screen, drawn anew at any size.
export const INK = "#1c2430", SOFT = "#4a5568", RULE = "#e6e9ee";
export const MOMENTS = { onset: "#2f7d36", apex: "#c8372d", offset: "#7b4ba3" };
const STEPS_S = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800];
const LABEL_PX = 64; // from one label of the time axis to the next, at least

// A kind of plot says drawStill(context), drawMoving(context) and frameAt(x, y): the frame that a
// place means, or null. `times` are the seconds of every frame, null until there are any.
export class Plot {
  #canvases;
  times = null;
  frame = 0;

  // `seek` is given the frame that is clicked, or dragged to.
  constructor(box, seek) {
    this.#canvases = [...box.querySelectorAll("canvas")];
    const [, over] = this.#canvases;
    const fit = () => this.#fit(over.getBoundingClientRect()); // the box without its border
    new ResizeObserver(fit).observe(box);
    onOtherScreen(fit);
    const go = (event) => {
      const { left, top } = over.getBoundingClientRect();
      const frame = this.times && this.frameAt(event.clientX - left, event.clientY - top);
      if (frame !== null) seek(frame);
    };
    over.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      over.setPointerCapture(event.pointerId);
      go(event);
    });
    over.addEventListener("pointermove", (event) => event.buttons & 1 && go(event));
  }

  at(frame) {
    this.frame = frame;
    this.move();
  }

  draw() {
    this.#paint(0, (context) => this.drawStill(context));
    this.move();
  }

  move() {
    this.#paint(1, (context) => this.drawMoving(context));
  }

  #paint(layer, drawing) {
    if (!this.width || !this.height || !this.times) return;
    const context = this.#canvases[layer].getContext("2d");
    context.clearRect(0, 0, this.width, this.height);
    drawing(context);
  }

  #fit({ width, height }) {
    Object.assign(this, { width, height });
    if (!width || !height) return; // out of sight
    for (const canvas of this.#canvases) {
      canvas.width = Math.round(width * devicePixelRatio);
      canvas.height = Math.round(height * devicePixelRatio);
      canvas.getContext("2d").setTransform(canvas.width / width, 0, 0, canvas.height / height, 0, 0);
    }
    this.draw();
  }
}

// The window may be carried to a screen of another density without changing its size.
function onOtherScreen(act) {
  matchMedia(`(resolution: ${devicePixelRatio}dppx)`).addEventListener("change", () => {
    act();
    onOtherScreen(act);
  }, { once: true });
}

// The first index whose time is not before `t`; the length where all are.
export function notBefore(times, t) {
  let low = 0, high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] < t) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function nearest(times, t) {
  const after = Math.min(notBefore(times, t), times.length - 1);
  return after && t - times[after - 1] < times[after] - t ? after - 1 : after;
}

export function text(context, words, x, y, colour, align = "right", px = 11) {
  context.fillStyle = colour;
  context.font = `${px}px system-ui, "DejaVu Sans", sans-serif`;
  context.textAlign = align;
  context.textBaseline = "middle";
  context.fillText(words, x, y);
}

export function upright(context, x, top, bottom, colour, wide = 1.5) {
  context.fillStyle = colour;
  context.fillRect(x - wide / 2, top, wide, bottom - top);
}

// A line through points [x, y], broken where one is null; a point alone is a dot. With `fill`, the
// area down to `base` has that colour.
export function line(context, points, { colour, width, fill, base }) {
  Object.assign(context, { strokeStyle: colour, lineWidth: width, fillStyle: fill ?? colour });
  Object.assign(context, { lineJoin: "round", lineCap: "round" });
  for (let from = 0; from < points.length; from += 1) {
    if (!points[from]) continue;
    const broken = points.indexOf(null, from), end = broken < 0 ? points.length : broken;
    const run = points.slice(from, end);
    const path = (first) => {
      context.beginPath();
      context.moveTo(...first);
      for (const point of run) context.lineTo(...point);
    };
    if (fill) {
      path([run[0][0], base]);
      context.lineTo(run.at(-1)[0], base);
      context.fill();
    }
    path(run[0]);
    context.stroke();
    from = end;
  }
}

// Seconds in round steps between `left` and `right`, which stand for times [from, to].
export function timeAxis(context, { left, right, y, edge }, [from, to], language) {
  const wide = right - left, span = to - from || 1;
  const step = STEPS_S.find((s) => (wide * s) / span >= LABEL_PX) ?? STEPS_S.at(-1);
  const digits = step < 0.1 ? 2 : step < 1 ? 1 : 0;
  for (let n = Math.ceil(from / step); n * step <= to + 1e-9; n += 1) {
    const x = left + ((n * step - from) / span) * wide;
    const told = (n * step + 0).toLocaleString(language, { // + 0: no minus before a zero
      minimumFractionDigits: digits, maximumFractionDigits: digits });
    if (x + 20 < edge) text(context, `${told} s`, x, y, SOFT, "center");
  }
}
