// Which key does what, and the lists of it: the short one always on the page, the whole behind "?".
import { keyOf, stepOf } from "./stepping.js";

const MOMENTS = { o: "onset", a: "apex", x: "offset" };

// Keys shown (or the word for them), what they do, whether in the short list.
const LIST = [
  ["arrows", "key_step", true],
  ["shift_arrows", "key_leap", true],
  ["home_end", "key_ends", false],
  ["space", "key_play", true],
  ["o a x", "key_marks", true],
  ["alt_moments", "key_goto", false],
  ["1–7", "key_emotion", true],
  ["r", "key_reject", true],
  ["n", "key_uncodable", true],
  ["f", "key_aus", true],
  ["c", "key_confidence", true],
  ["Alt+1–5", "key_confidence", false],
  ["t", "key_comment", true],
  ["l", "key_loop", true],
  ["s", "key_speed", true],
  ["v", "key_view", true],
  ["m", "key_magnify", true],
  ["p", "key_pin", true],
  ["z", "key_zoom", true],
  ["u", "key_undo", true],
  ["y", "key_accept", false],
  ["b", "key_unblind", false],
  ["enter", "key_submit", true],
  ["page_down", "key_skip", true],
  ["?", "key_keys", true],
];

const PLAIN = {
  " ": "play", Home: "home", End: "end", r: "reject", n: "uncodable", c: "confidence", f: "palette",
  t: "comment", l: "loop", s: "speed", v: "view", m: "magnify", p: "pin", z: "zoom", u: "undo",
  b: "unblind", y: "accept", g: "gold", Enter: "enter", Escape: "escape", PageDown: "skip",
  "?": "help",
};

export function listKeys(short, whole, say, mode) {
  const all = mode === "final" ? [...LIST, ["g", "key_gold", true]] : LIST;
  const key = (text) => (/^[a-z]{2,}_?[a-z]*$/.test(text) ? say(text) : text);
  for (const [keys, does, brief] of all) {
    const named = document.createElement("kbd");
    named.textContent = key(keys);
    if (brief) {
      const entry = document.createElement("span");
      entry.append(named.cloneNode(true), ` ${say(does)}`);
      short.append(entry);
    }
    const line = document.createElement("div"), term = document.createElement("dt");
    const told = document.createElement("dd");
    term.append(named);
    told.textContent = say(does);
    line.append(term, told);
    whole.append(line);
  }
}

// Calls act(name, argument) for a key of ours; whoever writes or answers a question keeps theirs.
// An act that `waits` (a mark whose picture is still coming) holds up the keys after it, so that
// all keep their order.
export function listen(act, waits) {
  let turn = null;
  addEventListener("keydown", (event) => {
    const key = keyOf(event), found = key && wish(event, key);
    if (!found) return;
    event.preventDefault();
    if (event.repeat && found[0] !== "step") return; // held down: only steps go on
    if (!turn && !waits(found[0])) {
      act(...found);
      return;
    }
    const mine = (turn ?? Promise.resolve()).then(() => act(...found));
    turn = mine;
    mine.finally(() => turn === mine && (turn = null));
  });
}

function wish(event, key) {
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1];
  if (event.altKey) {
    const letter = /^Key([OAX])$/.exec(event.code)?.[1].toLowerCase();
    if (letter) return ["goto", MOMENTS[letter]];
    return digit && digit <= 5 ? ["confidence", Number(digit)] : null;
  }
  const step = stepOf(event);
  if (step) return ["step", step];
  if (key >= "1" && key <= "7") return ["emotion", Number(key) - 1];
  if (key in MOMENTS) return ["mark", MOMENTS[key]];
  return key in PLAIN ? [PLAIN[key]] : null;
}
