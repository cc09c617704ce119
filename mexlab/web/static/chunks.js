// Pictures by view and frame number: fetched in chunks, decoded ahead, the oldest forgotten.
// A chunk is uint32 first frame, uint32 count, uint32 length of each picture, the pictures.
const BITMAP_BYTES = 320e6, JPEG_BYTES = 160e6;
const LOADING = 2, DECODING = 4; // at a time
const AHEAD = 14, BEHIND = 5; // frames decoded around the one looked at
const RETRY_MS = 1500;
const TYPES = { 0xff: "image/jpeg", 0x89: "image/png", 0x52: "image/webp" }; // by first byte

export class Pictures {
  constructor(ready) {
    this.ready = ready; // called with (view, frame) when a picture can be drawn, or cannot be had
    this.open("", 1, [0, 0]);
  }

  // Another item: nothing of the one before is kept.
  open(base, chunk, still) {
    this.abort?.abort();
    for (const bitmap of this.bitmaps?.values() ?? []) bitmap.close?.();
    Object.assign(this, { base, chunk, still, abort: new AbortController() });
    this.bitmaps = new Map(); // "view frame" -> ImageBitmap, least recently used first
    this.chunks = new Map(); // "view number" -> {bytes, jpegs by frame}
    this.loading = new Set();
    this.decoding = new Set();
    this.wanted = [];
    this.near = [];
    this.bitmapBytes = this.jpegBytes = 0;
  }

  at(view, frame) {
    const key = `${view} ${frame}`, bitmap = this.bitmaps.get(key);
    if (bitmap) {
      this.bitmaps.delete(key);
      this.bitmaps.set(key, bitmap);
    }
    return bitmap;
  }

  // Whether the server has no such picture.
  lacks(view, frame) {
    const chunk = this.chunks.get(`${view} ${Math.floor(frame / this.chunk)}`);
    return Boolean(chunk) && !chunk.jpegs.has(frame);
  }

  // What is looked at, where it is going, and which frames may be wanted: all of it is fetched,
  // the nearest first.
  focus(view, frame, direction, first, last) {
    const inside = (f) => f >= first && f <= last;
    this.near = [frame];
    for (let step = 1; step <= AHEAD; step += 1) {
      this.near.push(frame + direction * step);
      if (step <= BEHIND) this.near.push(frame - direction * step);
    }
    this.near = this.near.filter((f) => f === frame || inside(f)).map((f) => [view, f]);
    const here = Math.floor(frame / this.chunk), low = Math.floor(first / this.chunk);
    const high = Math.floor(last / this.chunk), numbers = [here];
    for (let step = 1; here + step <= high || here - step >= low; step += 1) {
      for (const number of [here + direction * step, here - direction * step]) {
        if (number >= low && number <= high) numbers.push(number);
      }
    }
    this.wanted = numbers.map((number) => [view, number]);
    this.#load();
    this.#decode();
  }

  // Whether everything that was asked for is here.
  get complete() {
    return this.wanted.every(([view, number]) => this.chunks.has(`${view} ${number}`));
  }

  #load() {
    for (const [view, number] of this.wanted) {
      if (this.loading.size >= LOADING) return;
      const key = `${view} ${number}`;
      if (!this.chunks.has(key) && !this.loading.has(key)) this.#fetch(view, number, key);
    }
  }

  async #fetch(view, number, key) {
    const { signal } = this.abort;
    this.loading.add(key);
    try {
      const answer = await fetch(`${this.base}/frames/${view}/${number}`, { signal });
      if (answer.ok) this.#keep(key, await answer.arrayBuffer());
      else if ([401, 503].includes(answer.status)) throw new Error(String(answer.status));
      else {
        this.chunks.set(key, { bytes: 0, jpegs: new Map() }); // it cannot be had: not again
        for (const [looked, frame] of this.near) this.ready(looked, frame);
      }
    } catch {
      if (signal.aborted) return;
      await new Promise((done) => setTimeout(done, RETRY_MS));
    }
    if (signal.aborted) return;
    this.loading.delete(key);
    this.#load();
    this.#decode();
  }

  #keep(key, buffer) {
    const head = new DataView(buffer), first = head.getUint32(0, true);
    const count = head.getUint32(4, true), jpegs = new Map();
    let place = 8 + 4 * count;
    for (let index = 0; index < count; index += 1) {
      const length = head.getUint32(8 + 4 * index, true);
      jpegs.set(first + index, new Uint8Array(buffer, place, length));
      place += length;
    }
    this.chunks.set(key, { bytes: buffer.byteLength, jpegs });
    this.jpegBytes += buffer.byteLength;
    const needed = new Set(this.wanted.map(([view, number]) => `${view} ${number}`));
    for (const [old, { bytes }] of this.chunks) {
      if (this.jpegBytes <= JPEG_BYTES) break;
      if (needed.has(old)) continue;
      this.chunks.delete(old);
      this.jpegBytes -= bytes;
    }
  }

  #decode() {
    for (const [view, frame] of this.near) {
      if (this.decoding.size >= DECODING) return;
      const key = `${view} ${frame}`;
      if (this.bitmaps.has(key) || this.decoding.has(key)) continue;
      const jpeg = this.chunks.get(`${view} ${Math.floor(frame / this.chunk)}`)?.jpegs.get(frame);
      if (jpeg) this.#bitmap(view, frame, key, jpeg);
    }
  }

  async #bitmap(view, frame, key, jpeg) {
    const { signal } = this.abort;
    this.decoding.add(key);
    const blob = new Blob([jpeg], { type: TYPES[jpeg[0]] ?? "" });
    const bitmap = await createImageBitmap(blob).catch(() => null);
    if (signal.aborted) {
      bitmap?.close();
      return;
    }
    this.decoding.delete(key);
    if (!bitmap) { // what is damaged cannot be had
      this.chunks.get(`${view} ${Math.floor(frame / this.chunk)}`)?.jpegs.delete(frame);
      this.ready(view, frame);
      this.#decode();
      return;
    }
    this.bitmaps.set(key, bitmap);
    this.bitmapBytes += 4 * bitmap.width * bitmap.height;
    for (const [old, other] of this.bitmaps) {
      if (this.bitmapBytes <= BITMAP_BYTES || old === key) break;
      this.bitmaps.delete(old);
      this.bitmapBytes -= 4 * other.width * other.height;
      other.close();
    }
    this.ready(view, frame);
    this.#decode();
  }
}
