// A finished prediction: picture, curves and intervals move together.
import { ask } from "./asking.js";
import { Chances } from "./chances.js";
import { $, decimal, given, pressed, say, trouble } from "./page.js";
import { Player } from "./player.js";
import { nearest } from "./plot.js";
import { steer, waiting } from "./stepping.js";

const { base, frames, intervals } = given;
let rows = null;

const player = new Player($("film"), {
  views: ["picture"],
  shown,
  changed: showControls,
  waiting: waiting($("busy"), (lacking) => say(lacking ? "no_picture" : "loading")),
});
const goTo = (frame) => player.go(frame);
const curves = new Chances($("curves"), { ...given, seek: goTo });
const apexes = () => intervals.map(({ apex }) => nearest(rows.seconds, apex));

function shown(frame) {
  const at = rows.seconds[frame];
  $("frame").textContent = frame;
  $("seconds").textContent = `${decimal(at, 2)} s`;
  $("source").textContent = rows.source_frame[frame];
  curves.at(frame);
  $("events").querySelectorAll("li").forEach((item, number) => {
    const { start, end } = intervals[number];
    if (at >= start && at < end) item.setAttribute("aria-current", "true");
    else item.removeAttribute("aria-current");
  });
}

function showControls() {
  $("play").textContent = say(player.playing ? "pause" : "play");
  $("speed").querySelector("b").textContent = player.rate === 1 ? "1" : `1/${1 / player.rate}`;
}

// To the apex of the interval before or after the frame on the screen.
function turn(way) {
  const beyond = apexes().filter((frame) => way * (frame - player.wanted) > 0);
  if (beyond.length) goTo(way > 0 ? Math.min(...beyond) : Math.max(...beyond));
}

function listen() {
  steer(player, { n: () => turn(1), p: () => turn(-1) });
  pressed($("play"), () => player.toggle());
  pressed($("speed"), () => player.cycleSpeed());
  $("events").querySelectorAll("button").forEach((button, number) => {
    button.style.borderLeftColor = given.colours[intervals[number].predicted];
    pressed(button, () => goTo(apexes()[number]));
  });
}

async function begin() {
  const answer = await ask(`${base}/curves`, trouble);
  if (!answer.ok) return location.assign("/predict"); // removed in another tab
  rows = await answer.json();
  $("message").textContent = "";
  curves.load(rows.seconds, rows.chances);
  const item = { frames, first: 0, last: frames - 1, chunk: given.chunk, still: [0, frames] };
  player.load({ ...item, face: true, factors: [] }, rows.seconds, base);
  listen();
  document.body.dataset.ready = "yes";
}

begin();
