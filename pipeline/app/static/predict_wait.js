// How far a prediction is; the page comes anew when it is there, or when it failed.
import { ask } from "./asking.js";

const ASK_MS = 700;
const $ = (id) => document.getElementById(id);
const { base, words } = JSON.parse($("given").textContent);
const trouble = ({ status } = {}) => ($("message").textContent = words[status === 401 ? "token" : "away"]);

for (;;) {
  const answer = await ask(`${base}/state`, trouble);
  if (!answer.ok) {
    location.assign("/predict");
    break;
  }
  const { state, stage, part } = await answer.json();
  $("message").textContent = "";
  if (state === "done" || state === "failed") {
    location.reload();
    break;
  }
  const working = state === "working";
  $("stage").textContent = working ? words[`stage_${stage}`] ?? stage : words[`state_${state}`];
  if (working && stage) $("part").value = part;
  else $("part").removeAttribute("value");
  await new Promise((done) => setTimeout(done, ASK_MS));
}
