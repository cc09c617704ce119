// The recording's own picture of the frame that is on the screen, beside it.
import { Pictures } from "./chunks.js";

export class Source {
  // `base`: address of the clip; `frames`: how many rows it has.
  constructor(canvas, base, chunk, frames, { lacking }) {
    Object.assign(this, { canvas, frames, onLacking: lacking, wanted: null });
    this.context = canvas.getContext("2d", { alpha: false });
    this.pictures = new Pictures((_, frame) => frame === this.wanted && this.#draw());
    this.pictures.open(base, chunk, [0, frames]);
  }

  show(frame) {
    const direction = this.wanted !== null && frame < this.wanted ? -1 : 1;
    this.wanted = frame;
    this.pictures.focus("source", frame, direction, 0, this.frames - 1);
    this.#draw();
  }

  #draw() {
    const bitmap = this.pictures.at("source", this.wanted), { canvas } = this;
    this.onLacking(!bitmap && this.pictures.lacks("source", this.wanted));
    if (!bitmap) return;
    if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
      [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
    }
    this.context.drawImage(bitmap, 0, 0);
    canvas.dataset.frame = this.wanted;
  }
}
