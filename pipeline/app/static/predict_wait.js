// How far a prediction is; the page comes anew when it is there, or when it failed.
import { ask } from "./asking.js";
import { $, given, say, trouble } from "./page.js";

const ASK_MS = 700;

for (;;) {
  const answer = await ask(`${given.base}/state`, trouble);
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
  $("stage").textContent = say(working ? `stage_${stage}` : `state_${state}`);
  if (working && stage) $("part").value = part;
  else $("part").removeAttribute("value");
  await new Promise((done) => setTimeout(done, ASK_MS));
}
