// The player: draws frames by number, steps exactly, plays by the frames' true times. An item is
// {frames, first, last, chunk, still, face, factors}: how many frames there are, the first and last
// of the clip, frames in a chunk, [first, end) of the views that are made for the clip alone,
// whether there are views other than the first, and factors of magnification.
import { Pictures } from "./chunks.js";

const SPEEDS = [1, 1 / 2, 1 / 4, 1 / 8];
const VIEWS = ["whole", "crop", "flow"];

export class Player {
  constructor(canvas, { shown, changed, waiting, views = VIEWS }) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false });
    Object.assign(this, { onShown: shown, onChanged: changed, onWaiting: waiting });
    this.pictures = new Pictures((view, frame) => this.#arrived(view, frame));
    this.views = views;
    this.view = views[0];
    this.factor = 0; // of magnification; 0 is off
    this.speed = 0;
    this.loop = "off";
    this.settling = [];
  }

  // `item`: what the server says of it; `times`: seconds of every frame of the recording.
  load(item, times, base) {
    this.pause();
    this.#settle(null);
    Object.assign(this, { item, times, marks: {}, shown: null, direction: 1 });
    this.pictures.open(base, item.chunk, item.still);
    if (this.loop === "marks") this.loop = "clip";
    // What takes time to make is asked for anew in each clip.
    if (this.factor || this.view === "flow") [this.view, this.factor] = ["crop", 0];
    if (!item.face) this.view = this.views[0];
    this.seek(item.first);
    this.onChanged();
  }

  // Nothing on the screen until the next clip is there.
  clear() {
    this.pause();
    this.#settle(null);
    this.pictures.open("", 1, [0, 0]);
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    delete this.canvas.dataset.frame;
  }

  // The view as it is fetched: away from the clip there is nothing held still.
  get seenAs() {
    const [first, end] = this.item.still;
    const held = this.wanted >= first && this.wanted < end;
    if (this.factor) return held ? `magnified-${this.factor}` : "crop";
    return this.view === "flow" && !held ? "crop" : this.view;
  }

  get inside() {
    return this.wanted >= this.item.first && this.wanted <= this.item.last;
  }

  seek(frame) {
    const last = this.item.frames - 1;
    const wanted = Math.min(Math.max(Math.round(frame), 0), last);
    if (wanted !== this.wanted) this.direction = wanted < this.wanted ? -1 : 1;
    this.wanted = wanted;
    this.#look();
  }

  // To a frame that was chosen: there the film stands.
  go(frame) {
    this.pause();
    this.seek(frame);
  }

  // Stays inside the clip, unless it was left by a click on the curves.
  step(count) {
    this.pause();
    const { first, last } = this.item, to = this.wanted + count;
    this.seek(this.inside ? Math.min(Math.max(to, first), last) : to);
  }

  // The frame on the screen once it is the one asked for: what a mark is about. Null where there is
  // no picture of it to be had, or another clip came.
  settled() {
    if (this.playing || this.shown === this.wanted) return Promise.resolve(this.shown);
    if (this.lacking) return Promise.resolve(null);
    return new Promise((done) => this.settling.push(done));
  }

  #settle(frame) {
    for (const done of this.settling.splice(0)) done(frame);
  }

  get lacking() {
    return this.pictures.lacks(this.seenAs, this.wanted);
  }

  cycleView() {
    if (!this.item.face) return;
    const at = this.views.indexOf(this.factor ? this.views.at(-1) : this.view);
    this.view = this.views[(at + 1) % this.views.length];
    this.factor = 0;
    this.#look();
    this.onChanged();
  }

  cycleFactor() {
    if (!this.item.face) return;
    const all = [0, ...this.item.factors];
    this.factor = all[(all.indexOf(this.factor) + 1) % all.length];
    if (!this.factor) this.view = "crop";
    this.#look();
    this.onChanged();
  }

  cycleSpeed() {
    this.speed = (this.speed + 1) % SPEEDS.length;
    this.#start();
    this.onChanged();
  }

  cycleLoop() {
    const { onset, offset } = this.marks;
    const all = onset != null && offset != null ? ["off", "clip", "marks"] : ["off", "clip"];
    this.loop = all[(all.indexOf(this.loop) + 1) % all.length];
    this.onChanged();
  }

  get range() {
    const { onset, offset } = this.marks;
    const marked = this.loop === "marks" && onset != null && offset != null;
    return marked ? [onset, offset] : [this.item.first, this.item.last];
  }

  get rate() {
    return SPEEDS[this.speed];
  }

  toggle() {
    return this.playing ? this.pause() : this.play();
  }

  play() {
    const [first, last] = this.range;
    if (this.wanted >= last || this.wanted < first) this.seek(first);
    this.playing = true;
    this.#start();
    this.onChanged();
    this.tick = requestAnimationFrame((now) => this.#tick(now));
  }

  pause() {
    if (!this.playing) return;
    this.playing = false;
    cancelAnimationFrame(this.tick);
    this.onChanged();
  }

  #start() {
    this.started = null; // set by the next tick: clock and film together
  }

  #tick(now) {
    if (!this.playing) return;
    this.tick = requestAnimationFrame((later) => this.#tick(later));
    const waits = this.shown !== this.wanted; // for a picture: then the film's clock stands
    if (waits && this.lacking) return this.pause();
    if (waits || this.started === null) {
      this.started = { now, film: this.times[this.wanted] };
      return;
    }
    const [first, last] = this.range;
    const film = this.started.film + ((now - this.started.now) / 1000) * this.rate;
    let frame = this.wanted;
    while (frame < last && this.times[frame + 1] <= film) frame += 1;
    if (frame >= last && film > this.times[last] + this.times[last] - this.times[last - 1 || 0]) {
      if (this.loop === "off") return this.pause();
      frame = first;
      this.#start();
    }
    if (frame !== this.wanted) this.seek(frame);
  }

  #look() {
    const { first, last, frames } = this.item;
    const near = this.inside ? [first, last] : [this.wanted - 90, this.wanted + 90];
    const view = this.seenAs, [low, end] = this.item.still;
    const limits = view === "whole" || view === "crop" ? [0, frames - 1] : [low, end - 1];
    this.pictures.focus(
      view,
      this.wanted,
      this.direction,
      Math.max(near[0], limits[0]),
      Math.min(near[1], limits[1]),
    );
    this.#draw();
  }

  #arrived(view, frame) {
    if (frame === this.wanted && view === this.seenAs) this.#draw();
  }

  #draw() {
    const bitmap = this.pictures.at(this.seenAs, this.wanted);
    this.onWaiting(!bitmap, !bitmap && this.lacking);
    if (!bitmap && this.lacking) this.#settle(null);
    if (!bitmap) return;
    const { canvas } = this;
    if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
      [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
    }
    this.context.drawImage(bitmap, 0, 0);
    this.shown = this.wanted;
    canvas.dataset.frame = this.shown;
    canvas.dataset.view = this.seenAs;
    this.onShown(this.shown);
    this.#settle(this.shown);
  }
}
