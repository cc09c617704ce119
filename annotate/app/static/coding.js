// The coding page: one clip after the other, by keyboard alone. Player, curves and cursor move
// together; every mark is sent as it is made.
import { Acts } from "./acts.js";
import { ask } from "./asking.js";
import { wire } from "./controls.js";
import { Curves } from "./curves.js";
import { listKeys, listen } from "./keys.js";
import { Marks, marked } from "./marks.js";
import { $, decimal, given, say } from "./page.js";
import { Palette } from "./palette.js";
import { Pinned } from "./pinned.js";
import { Player } from "./player.js";
import { waiting } from "./stepping.js";

const MESSAGE_MS = 6000;
const { query, mode } = $("desk").dataset;
let state = given.state, times = null, following = null, messageTimer;

const address = (part = "") => `/item/${state.key}${part}`;

const player = new Player($("film"), {
  shown: (frame) => {
    $("frame").textContent = frame;
    $("seconds").textContent = `${decimal(times[frame] - times[state.first], 3)} s`;
    $("outside").hidden = frame >= state.first && frame <= state.last;
    curves.at(frame);
    if (player.pictures.complete) warm();
  },
  changed: showControls,
  waiting: waiting($("busy"), (lacking) => {
    if (lacking) return say("no_picture");
    return say(player.factor || player.view === "flow" ? "working" : "loading");
  }),
});
const curves = new Curves($("curves"), {
  emotions: given.emotions, aus: given.aus, seek: (frame) => player.go(frame),
});
const marks = new Marks($("marks"), $("revealed"), { say, set });
const palette = new Palette($("palette"), { aus: given.aus, set, say });
const acts = new Acts({
  coder: state.code.coder,
  saving: (how) => {
    $("saving").dataset.state = how;
    $("saving").textContent = say({ saved: "saved", saving: "saving", failed: "not_saved" }[how]);
  },
  refused: ({ error, remedy, status }) => {
    if (error === "coder") return stop(say("other_coder"));
    if (status !== 404) return stop(`${error}; ${remedy}`);
    tell(`${error}; ${remedy}`);
    return refresh();
  },
  trouble,
});

// While something is tried again.
function trouble({ error, remedy, status }) {
  tell(error ? `${error}; ${remedy}` : say(status === 401 ? "token" : "away"));
}

// Nothing more can be done about this clip: say why; there is one way on.
function stop(why) {
  times = null;
  player.clear();
  $("stopped-why").textContent = why;
  if (!$("stopped").open) $("stopped").showModal();
}

function showControls() {
  const word = (id, text) => ($(id).querySelector("b").textContent = text);
  $("play").textContent = say(player.playing ? "pause" : "play");
  word("speed", player.rate === 1 ? "1" : `1/${1 / player.rate}`);
  word("loop", say(`loop_${player.loop}`));
  word("view", say(`view_${player.factor ? "crop" : player.view}`));
  word("magnify", player.factor ? `× ${player.factor}` : say("off"));
  word("zoom", say(curves.all ? "zoom_all" : "zoom_item"));
  pin();
}

function tell(text) {
  clearTimeout(messageTimer);
  $("message").textContent = text;
  messageTimer = setTimeout(() => ($("message").textContent = ""), MESSAGE_MS);
}

function render() {
  marks.show(state, times);
  if (mode === "final" && state.revealed) {
    marks.reveal(state);
    $("reveal").hidden = false;
  }
  player.marks = state.code;
  curves.mark(state.code);
  if (state.counts) {
    const { submitted, begun } = state.counts, total = submitted + begun + state.counts.new;
    $("counts").textContent = say("clip_of", { done: submitted, total });
    [$("progress").max, $("progress").value] = [total || 1, submitted];
  }
}

// The server's word counts, unless more is on its way.
function take(found) {
  if (!found || acts.pending || found.key !== state.key) return;
  state = { ...found, counts: found.counts ?? state.counts };
  render();
}

async function refresh() {
  const answer = await ask(address(query), trouble);
  if (!answer.ok) return gone(answer);
  return take(await answer.json());
}

function send(act) {
  const done = acts.do(address(query), act);
  done.then(take);
  return done;
}

function set(field, value) {
  $("message").textContent = ""; // about what was before
  state = { ...state, code: marked(state.code, field, value) };
  render();
  return send({ act: "set", field, value });
}

const pinned = new Pinned($("pinned"));
const pin = () => pinned.show(`${address()}/neutral/${player.factor ? "crop" : player.view}`);

async function load() {
  const here = state.key;
  const answer = await ask(address("/times"), trouble, () => state.key === here);
  if (state.key !== here) return;
  if (!answer.ok) return gone(answer);
  times = new Float64Array(await answer.arrayBuffer());
  following = null;
  $("reveal").hidden = true;
  if (mode === "final") past();
  $("message").textContent = state.face ? "" : say("no_face");
  curves.load(state, times, null);
  player.load(state, times, address());
  render();
  bringCurves();
  if (state.code.submitted) reveal();
}

async function gone(answer) {
  const { error, remedy } = await answer.json().catch(() => ({ error: answer.status }));
  return stop(remedy ? `${error}; ${remedy}` : say("other_coder"));
}

async function bringCurves() {
  const here = state.key, told = { none: "no_curves", hidden: "curves_hidden" }[state.curves];
  $("no-curves").hidden = !told;
  $("no-curves").textContent = told ? say(told) : "";
  const answer = told ? null : await ask(address("/curves"), trouble, () => state.key === here);
  const found = answer?.ok ? await answer.arrayBuffer() : null;
  if (!found || state.key !== here || !times) return;
  curves.load(state, times, found);
  if (player.shown !== null) curves.at(player.shown);
  curves.mark(state.code);
}

// For the third opinion: who did what about this clip.
async function past() {
  const answer = await ask(address("/history"), trouble);
  if (answer.ok) marks.history($("history"), await answer.json());
}

// Ask what comes next while there is nothing else to load; the server then has it ready.
function warm() {
  following ??= ask(address(`/next${query}`), trouble).then((answer) => answer.json());
  return following;
}

function reveal() {
  if (!state.revealed) return;
  if (state.curves === "shown" && !$("no-curves").hidden) bringCurves(); // they were hidden till now
  marks.reveal(state);
  $("reveal").hidden = false;
  $("reveal").focus({ preventScroll: true });
}

async function submit() {
  const { missing } = state.code;
  if (missing.length) {
    const names = missing.map((name) => say(name === "emotion" ? "emotion_title" : name));
    return tell(say("missing", { what: names.join(", ").toLowerCase() }));
  }
  if (document.activeElement === $("comment")) keepComment();
  const value = mode === "final" ? ($("gold").checked ? "gold" : "final") : null;
  following = null;
  const done = await send({ act: "submit", value });
  if (done?.code.submitted) {
    await acts.idle();
    take(done);
    if (mode === "final") return past();
    reveal();
    warm();
  }
}

async function next() {
  times = null; // keys rest until the next clip is on the screen
  await acts.idle();
  if (mode === "final") return location.assign("/adjudication");
  const { next: key } = await warm();
  if (!key) return location.assign(`/${query}`);
  history.pushState(null, "", `/code/${key}${query}`);
  return open(key);
}

async function open(key) {
  $("comment").blur(); // what was being written belongs to the clip before
  times = null;
  player.clear();
  const answer = await ask(`/item/${key}${query}`, trouble);
  if (!answer.ok) return gone(answer);
  const found = await answer.json();
  if (found.code.coder !== acts.coder) return stop(say("other_coder"));
  state = found;
  // Choosing the other language comes back to this clip.
  document.querySelector("input[name=back]").value = location.pathname + location.search;
  return load();
}

async function mark(moment) {
  const frame = await player.settled();
  if (frame === null) return times && tell(say("no_picture"));
  const { first, last, code } = state;
  if (frame < first || frame > last) return tell(say("outside_mark"));
  const others = { ...code, [moment]: frame };
  const order = ["onset", "apex", "offset"].map((name) => others[name]).filter((f) => f != null);
  if (order.some((f, index) => index && f < order[index - 1])) return tell(say("wrong_order"));
  return set(moment, frame);
}

function keepComment() {
  const text = $("comment").value;
  if (text !== (state.code.comment ?? "")) set("comment", text || null);
}

const DOES = {
  step: (count) => player.step(count),
  home: () => player.step(state.first - player.wanted),
  end: () => player.step(state.last - player.wanted),
  play: () => player.toggle(),
  speed: () => player.cycleSpeed(),
  loop: () => player.cycleLoop(),
  view: () => player.cycleView(),
  magnify: () => player.cycleFactor(),
  zoom: () => (curves.toggleZoom(), showControls()),
  pin: () => (pinned.toggle(), pin()),
  mark,
  goto: (moment) => state.code[moment] != null && player.go(state.code[moment]),
  emotion: (index) => set("emotion", given.emotions[index]),
  reject: () => set("verdict", state.code.verdict === "reject" ? null : "reject"),
  uncodable: () => set("verdict", state.code.verdict === "uncodable" ? null : "uncodable"),
  accept: () => state.suggestion?.apex != null && send({ act: "set", field: "verdict", value: "accept" }),
  confidence: (value) => set("confidence", value ?? ((state.code.confidence ?? 0) % 5) + 1),
  palette: () => palette.open(),
  comment: () => $("comment").focus(),
  undo: () => send({ act: "undo" }),
  unblind: () => (state.code.revealed ? reveal() : ($("asking").showModal(), $("yes").focus())),
  gold: () => mode === "final" && ($("gold").checked = !$("gold").checked),
  help: () => $("help").showModal(),
  skip: next,
  enter: () => {
    if (!state.code.submitted) return submit();
    return $("reveal").hidden && state.revealed ? reveal() : next();
  },
  escape: () => mode !== "final" && ($("reveal").hidden = true),
};

listen(
  (name, argument) => times && DOES[name](argument),
  (name) => name === "mark" && !player.playing && player.shown !== player.wanted,
);
listKeys($("keys"), $("all-keys"), say, mode);
wire(DOES, set, keepComment);
$("asking").addEventListener("close", async () => {
  if ($("asking").returnValue !== "yes") return;
  $("asking").returnValue = "";
  await send({ act: "unblind" });
  reveal();
});
$("stopped").addEventListener("close", () => location.assign(`/${query}`));
addEventListener("popstate", () => open(location.pathname.split("/").pop()));
if (mode === "final" && innerWidth < 1600) $("pinned").hidden = true; // room for the others' codes
load();
