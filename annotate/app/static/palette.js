// Action Units by keyboard: 12 c sets AU12 to C, 12 - takes it away.
const ENTRY = /^0*(\d{1,2})\s*([a-e-])$/i;

export class Palette {
  constructor(box, { aus, set, say }) {
    this.box = box;
    this.input = box.querySelector("input");
    this.hint = box.querySelector("p");
    Object.assign(this, { aus, set, say });
    this.input.addEventListener("input", () => this.#typed());
    this.input.addEventListener("keydown", (event) => this.#key(event));
    this.input.addEventListener("blur", () => this.close());
  }

  open() {
    this.box.hidden = false;
    this.input.value = "";
    this.hint.textContent = this.say("palette_hint");
    this.input.focus();
  }

  close() {
    this.box.hidden = true;
    if (document.activeElement === this.input) this.input.blur();
  }

  #key(event) {
    if (event.isComposing) return;
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    this.close();
  }

  #typed() {
    const found = ENTRY.exec(this.input.value.trim());
    if (!found) return;
    const number = Number(found[1]), name = `AU${String(number).padStart(2, "0")}`;
    this.input.value = "";
    if (!this.aus.includes(name)) {
      this.hint.textContent = this.say("no_such_au", { number });
      return;
    }
    const letter = found[2].toUpperCase();
    this.set(name, letter === "-" ? null : letter);
    this.hint.textContent = letter === "-" ? `${name} –` : `${name} ${letter}`;
  }
}
