// The marks as they stand, and what is revealed after the submission.
const MOMENTS = ["onset", "apex", "offset"], REFUSALS = ["reject", "uncodable"];
const NEEDED = [...MOMENTS, "emotion"];

// What a mark does to a code, as the server will say it too: for the time until it has.
export function marked(code, field, value) {
  const next = { ...code, aus: { ...code.aus } };
  const judges = NEEDED.includes(field) || field.startsWith("AU");
  const empty = () => Object.assign(next, { onset: null, apex: null, offset: null, emotion: null, aus: {} });
  if (field === "verdict") {
    next.verdict = value;
    if (REFUSALS.includes(value)) empty();
  } else if (judges && REFUSALS.includes(code.verdict)) {
    empty();
    next.verdict = null;
  }
  if (field.startsWith("AU")) {
    if (value === null) delete next.aus[field];
    else next.aus[field] = value;
  } else next[field] = value;
  next.missing = REFUSALS.includes(next.verdict) ? [] : NEEDED.filter((name) => next[name] == null);
  if (field !== "comment") next.submitted = null;
  return next;
}

function made(tag, text = "", props = {}) {
  const element = Object.assign(document.createElement(tag), props);
  element.textContent = text;
  return element;
}

export class Marks {
  constructor(box, revealed, { say, set, point }) {
    Object.assign(this, { box, revealed, say, set, point });
  }

  show(state, times) {
    const { code } = state, apex = code.apex;
    this.times = times ?? this.times; // none while the next clip comes
    for (const name of MOMENTS) {
      const line = this.box.querySelector(`[data-moment=${name}]`), frame = code[name];
      line.querySelector("b").textContent = frame ?? "–";
      const from = apex === null || name === "apex" ? null : frame;
      line.querySelector("dd span").textContent = this.#distance(from, apex);
    }
    for (const field of ["emotion", "verdict", "confidence"]) {
      for (const button of this.box.querySelectorAll(`[data-${field}]`)) {
        button.setAttribute("aria-pressed", String(code[field]) === button.dataset[field]);
      }
    }
    this.#aus(code.aus);
    const comment = this.box.querySelector("#comment");
    if (document.activeElement !== comment) comment.value = code.comment;
    const notes = state.low.map((reason) => this.say(`low_${reason}`));
    if (state.moved) notes.push(this.say("moved"));
    if (code.submitted) notes.unshift(this.say("submitted"));
    else if (code.revealed) notes.unshift(this.say("unblinded"));
    this.box.querySelector("#notes").textContent = notes.join(" · ");
    this.#suggested(state.suggestion);
    this.box.querySelector("#unblind").disabled = code.revealed;
  }

  #suggested(suggestion) {
    const line = this.box.querySelector("#suggested"), { onset, apex, offset } = suggestion ?? {};
    line.hidden = !suggestion;
    this.box.querySelector("#accept").hidden = !suggestion || apex === null;
    if (!suggestion) return;
    const told = apex === null ? this.say("reject") : this.say(suggestion.expressed);
    const frames = apex === null ? "" : `\n${onset}–${apex}–${offset}`;
    line.textContent = `${this.say("suggestion")}: ${told}${frames}`;
  }

  #distance(frame, apex) {
    if (frame === null || frame === undefined) return "";
    const ms = Math.round((this.times[frame] - this.times[apex]) * 1000);
    return `${ms > 0 ? "+" : "−"}${Math.abs(ms)} ms`;
  }

  #aus(aus) {
    const names = Object.keys(aus).sort();
    const chips = names.map((name) => {
      const chip = made("button", `${name} ${aus[name]} ×`, { className: "chip" });
      chip.setAttribute("aria-label", this.say("remove", { name }));
      chip.addEventListener("click", () => this.set(name, null));
      return chip;
    });
    const none = made("span", this.say("no_aus"), { className: "soft" });
    this.box.querySelector("#aus").replaceChildren(...(chips.length ? chips : [none]));
  }

  reveal(state) {
    const { revealed, suggestion, code } = state, say = this.say;
    const word = (key) => (key ? say(key) : say("none_given"));
    const facts = made("dl");
    for (const [term, told] of [
      ["target", word(revealed.target)],
      ["reported", word(revealed.reported)],
    ]) {
      const line = made("div");
      line.append(made("dt", say(term)), made("dd", told));
      facts.append(line);
    }
    const table = made("table"), head = made("tr"), body = made("tbody"), thead = made("thead");
    for (const name of ["emotion_title", ...MOMENTS]) head.append(made("th", say(name), { scope: "col" }));
    thead.append(head);
    body.append(...this.#row(say("mine"), code));
    if (suggestion) {
      const nothing = suggestion.apex === null;
      const code_ = { ...suggestion, emotion: nothing ? null : suggestion.expressed, aus: {} };
      body.append(...this.#row(say("suggestion"), { ...code_, verdict: nothing ? "reject" : null }));
    }
    for (const other of revealed.others) {
      const final = other.submitted === "code" ? "" : ` (${say("final")})`;
      body.append(...this.#row(other.coder + final, other));
    }
    table.append(thead, body);
    const { scene, participant } = revealed;
    const parts = [made("p", say("where", { scene, participant }), { className: "soft" }), facts, table];
    if (!revealed.others.length) parts.push(made("p", say("nobody_else"), { className: "soft" }));
    this.revealed.replaceChildren(...parts);
  }

  // Every act about the clip, the last one first.
  history(list, entries) {
    list.closest("[hidden]")?.removeAttribute("hidden");
    list.replaceChildren(...entries.reverse().map(({ coder, at, what, stands }) => {
      const line = made("li"), told = made("span", what, { className: stands ? "" : "undone" });
      line.append(made("b", coder), " ", told, " ", made("span", at, { className: "soft" }));
      return line;
    }));
  }

  // Whose code, what it says and when, and its AUs and comment where there are any.
  #row(name, code) {
    const title = made("tr"), row = made("tr"), refused = REFUSALS.includes(code.verdict);
    const said = refused ? this.say(code.verdict) : code.emotion ? this.say(code.emotion) : "–";
    title.append(made("th", name, { scope: "rowgroup", colSpan: 4 }));
    row.append(made("td", said));
    for (const moment of MOMENTS) row.append(made("td", code[moment] ?? "–"));
    const aus = Object.entries(code.aus).map(([au, letter]) => au + letter);
    const more = [aus.join(" "), code.comment].filter(Boolean).join(" · ");
    if (!more) return [title, row];
    const last = made("tr");
    last.append(made("td", more, { colSpan: 4, className: "soft" }));
    return [title, row, last];
  }
}
