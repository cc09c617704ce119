// Acts go to the server one after the other, each saved before the next is sent. A connection that
// breaks is tried again and again; a page with something unsaved is not left without a question.
// Each says whose page it comes from: another tab may have changed who codes in this browser.
const RETRY_MS = 2000;
const wait = (ms) => new Promise((done) => setTimeout(done, ms));

export class Acts {
  constructor({ coder, saving, refused, trouble }) {
    this.coder = coder;
    this.pending = 0;
    this.onSaving = saving; // "saved", "saving" or "failed"
    this.onRefused = refused; // with the server's words and the status
    this.onTrouble = trouble; // with the status, while it is tried again
    this.chain = Promise.resolve();
    this.run = crypto.getRandomValues(new Uint32Array(2)).join("-");
    this.count = 0;
    addEventListener("beforeunload", (event) => {
      if (this.pending) event.preventDefault();
    });
  }

  // The state after it, or null where it was refused.
  do(address, act) {
    this.pending += 1;
    this.count += 1;
    const body = JSON.stringify({ ...act, id: `${this.run}-${this.count}`, coder: this.coder });
    this.onSaving("saving");
    const done = this.chain.then(() => this.#send(address, body));
    this.chain = done.then(() => null);
    return done;
  }

  // When nothing is left to be saved.
  idle() {
    return this.chain;
  }

  async #send(address, body) {
    for (;;) {
      try {
        const headers = { "content-type": "application/json", accept: "application/json" };
        // Kept alive: what is on its way arrives although the page is left.
        const answer = await fetch(address, { method: "POST", body, headers, keepalive: true });
        const { status } = answer, found = status === 401 ? {} : await answer.json();
        if (status !== 401 && status !== 503) {
          this.pending -= 1;
          this.onSaving(this.pending ? "saving" : "saved");
          if (answer.ok) return found;
          this.onRefused({ ...found, status });
          return null;
        }
        this.onTrouble({ ...found, status });
      } catch {
        this.onTrouble({}); // no connection, or an answer cut off
      }
      this.onSaving("failed");
      await wait(RETRY_MS);
    }
  }
}
