// The clip page: face, flow, recorded frame, curves and what the row says move together.
import { ask } from "./asking.js";
import { Aus } from "./aus.js";
import { Flow } from "./flow.js";
import { $, decimal, given, language, pressed, say, trouble } from "./page.js";
import { Player } from "./player.js";
import { Source } from "./source.js";
import { steer, waiting } from "./stepping.js";

const { base, frames, moments } = given;
let rows = null;

const player = new Player($("film"), {
  views: ["face"],
  shown,
  changed: showControls,
  waiting: waiting($("busy"), (lacking) => say(lacking ? "no_picture" : "loading")),
});
const flow = new Flow($("flow"), $("film"));
const curves = new Aus($("curves"), { aus: given.aus, moments, seek: (frame) => player.go(frame) });
const source = $("source") && new Source($("source"), base, given.chunk, frames, {
  lacking: (lacks) => ($("source-busy").hidden = !lacks),
});

function shown(frame) {
  $("frame").textContent = frame;
  $("seconds").textContent = `${decimal(rows.seconds[frame] - rows.seconds[0], 3)} s`;
  showFlow(frame);
  curves.at(frame);
  source?.show(frame);
  tellRow(frame);
}

function showFlow(frame) {
  flow.draw(frame);
  $("no-flow").hidden = !flow.has || flow.moves(frame);
  if (!flow.has) return;
  flow.tellScale((percent) => say("flow_scale", { percent: percent.toLocaleString(language) }));
}

function tellRow(frame) {
  const cell = (name) => rows[name]?.[frame];
  const put = (id, value, text) => ($(id).textContent = value === undefined || value === null ? "–" : text(value));
  put("row-source", cell("source_frame"), (value) => value);
  put("row-at", cell("t_ns"), (value) => `${decimal(value / 1e9, 3)} s`);
  put("row-error", cell("source_error_ms"), (value) => `${decimal(value, 1)} ms`);
  put("row-step", cell("step_ms"), (value) => `${decimal(value, 1)} ms`);
  const flags = [cell("repeated") && "flag_repeated", cell("gap") && "flag_gap"].filter(Boolean);
  $("row-flags").textContent = flags.map((flag) => say(flag)).join(", ") || "–";
  if (!source) return;
  $("source-number").textContent = cell("source_frame") ?? "";
  const same = rows.matches?.[frame];
  $("row-match").textContent = same === undefined ? "" : say(same ? "same_time" : "other_time");
  $("row-match").dataset.same = same ?? "";
}

function showControls() {
  const word = (id, text) => ($(id).querySelector("b").textContent = text);
  $("play").textContent = say(player.playing ? "pause" : "play");
  word("speed", player.rate === 1 ? "1" : `1/${1 / player.rate}`);
  word("loop", say(`loop_${player.loop}`));
  word("flow-mode", say(flow.apex ? "flow_apex" : "flow_step"));
  $("flow-kind").textContent = say(flow.apex ? "flow_apex" : "flow_step");
}

function turnFlow() {
  flow.apex = !flow.apex;
  showControls();
  if (player.shown !== null) showFlow(player.shown);
}

const follow = (id) => $(id) && location.assign($(id).href);
const goTo = (moment) => moments[moment] != null && player.go(moments[moment]);

function listen() {
  steer(player, {
    l: () => player.cycleLoop(), f: turnFlow,
    o: () => goTo("onset"), a: () => goTo("apex"), x: () => goTo("offset"),
    n: () => follow("after"), p: () => follow("before"), Escape: () => follow("to-clips"),
  });
  pressed($("play"), () => player.toggle());
  pressed($("speed"), () => player.cycleSpeed());
  pressed($("loop"), () => player.cycleLoop());
  pressed($("flow-mode"), turnFlow);
}

async function begin() {
  const answer = await ask(`${base}/rows`, trouble);
  if (!answer.ok) return stop(answer);
  rows = await answer.json();
  $("message").textContent = "";
  const seconds = rows.seconds, still = [0, frames];
  player.loop = "clip";
  player.load(
    { frames, first: 0, last: frames - 1, chunk: given.chunk, still, face: true, factors: [] },
    seconds, base);
  player.marks = moments;
  tellMoments();
  listen();
  const flows = await ask(`${base}/flow`, trouble);
  if (!flows.ok) return stop(flows);
  flow.load(await flows.arrayBuffer());
  $("no-curves").hidden = curves.load(seconds, rows.aus ?? [], flow.means);
  if (player.shown !== null) shown(player.shown);
  document.body.dataset.ready = "yes";
}

// Which recorded frames onset, apex and offset are.
function tellMoments() {
  const numbers = ["onset", "apex", "offset"].map((name) => rows.source_frame?.[moments[name]] ?? "–");
  if ($("moments-source")) $("moments-source").textContent = say("of_recording", { frames: numbers.join(", ") });
}

async function stop(answer) {
  const { error, remedy } = await answer.json().catch(() => ({ error: answer.status, remedy: "" }));
  $("busy").hidden = false;
  $("busy").textContent = `${say("unreadable")}: ${error}; ${remedy}`;
}

begin();
