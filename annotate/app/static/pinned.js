// The same person, calm, beside the film and in its view: whole, or the face alone.
export class Pinned {
  constructor(box) {
    this.box = box;
    this.canvas = box.querySelector("canvas");
  }

  toggle() {
    this.box.hidden = !this.box.hidden;
  }

  show(address) {
    const wanted = address.replace(/(crop|flow)$/, "crop");
    if (this.wanted === wanted || this.box.hidden) return;
    const clip = wanted.split("/")[2];
    if (clip !== this.clip) this.canvas.getContext("2d").clearRect(0, 0, this.canvas.width, this.canvas.height);
    Object.assign(this, { wanted, clip }); // of another clip it may be another person
    const picture = new Image(), { canvas } = this;
    picture.onload = () => {
      if (this.wanted !== wanted) return; // another clip meanwhile
      [canvas.width, canvas.height] = [picture.naturalWidth, picture.naturalHeight];
      canvas.getContext("2d").drawImage(picture, 0, 0);
    };
    picture.src = wanted;
  }
}
