// A finished prediction: picture, curves and intervals move together.
import { ask } from "./asking.js";
import { Chances } from "./chances.js";
import { Player } from "./player.js";

const BUSY_MS = 150;
const $ = (id) => document.getElementById(id);
const given = JSON.parse($("given").textContent), language = document.documentElement.lang;
const { base, frames, intervals } = given;
const say = (key) => given.words[key] ?? key;
const decimal = (value, digits) => value.toLocaleString(language, {
  minimumFractionDigits: digits, maximumFractionDigits: digits });
const trouble = ({ status } = {}) => ($("message").textContent = say(status === 401 ? "token" : "away"));
let rows = null;

const player = new Player($("film"), {
  views: ["picture"],
  shown,
  changed: showControls,
  waiting: (waits, lacking) => {
    clearTimeout(player.busy);
    $("busy").hidden = !lacking;
    $("busy").textContent = say(lacking ? "no_picture" : "loading");
    if (waits && !lacking) player.busy = setTimeout(() => ($("busy").hidden = false), BUSY_MS);
  },
});
const curves = new Chances($("curves"), { ...given, say, language, seek: goTo });

function goTo(frame) {
  player.pause();
  player.seek(frame);
}

function shown(frame) {
  const at = rows.seconds[frame];
  $("frame").textContent = frame;
  $("seconds").textContent = `${decimal(at, 2)} s`;
  $("source").textContent = rows.source_frame[frame];
  curves.at(frame);
  $("events").querySelectorAll("li").forEach((item, number) => {
    const { start, end } = intervals[number];
    item.toggleAttribute("aria-current", at >= start && at < end);
  });
}

function showControls() {
  $("play").textContent = say(player.playing ? "pause" : "play");
  $("speed").querySelector("b").textContent = player.rate === 1 ? "1" : `1/${1 / player.rate}`;
}

const frameAt = (seconds) => {
  let best = 0;
  rows.seconds.forEach((at, frame) => {
    if (Math.abs(at - seconds) < Math.abs(rows.seconds[best] - seconds)) best = frame;
  });
  return best;
};

// To the apex of the interval before or after the frame on the screen.
function turn(way) {
  const apexes = intervals.map(({ apex }) => frameAt(apex)).sort((a, b) => a - b);
  const beyond = apexes.filter((frame) => way * (frame - player.wanted) > 0);
  if (beyond.length) goTo(way > 0 ? beyond[0] : beyond.at(-1));
}

const DOES = {
  " ": () => player.toggle(), s: () => player.cycleSpeed(), n: () => turn(1), p: () => turn(-1),
  Home: () => goTo(0), End: () => goTo(frames - 1),
};

function listen() {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select")) return;
    if (event.target.closest("button, a") && (event.key === "Enter" || event.key === " ")) return;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const act = step ? () => player.step(step * (event.shiftKey ? 10 : 1))
      : DOES[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act || (event.repeat && !step)) return;
    event.preventDefault();
    act();
  });
  const pressed = (button, act) => button.addEventListener("click", (event) => {
    if (event.detail) event.currentTarget.blur(); // pressed by mouse: keys go on working
    act();
  });
  pressed($("play"), () => player.toggle());
  pressed($("speed"), () => player.cycleSpeed());
  for (const button of $("events").querySelectorAll("button")) {
    button.style.borderLeftColor = given.colours[button.dataset.class];
    pressed(button, () => goTo(frameAt(Number(button.dataset.apex))));
  }
}

const answer = await ask(`${base}/curves`, trouble);
rows = await answer.json();
$("message").textContent = "";
curves.load(rows.seconds, rows.chances);
player.load(
  { frames, first: 0, last: frames - 1, chunk: given.chunk, still: [0, frames], face: true, factors: [] },
  rows.seconds, base);
listen();
document.body.dataset.ready = "yes";
