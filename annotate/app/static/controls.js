// The same by mouse: buttons do what the keys do, and the comment is saved while it is written.
import { pressed } from "./page.js";

const COMMENT_MS = 600;
const BUTTONS = {
  play: "play", speed: "speed", loop: "loop", view: "view", magnify: "magnify", zoom: "zoom",
  submit: "enter", next: "enter", back: "escape", unblind: "unblind", accept: "accept",
};

export function wire(does, set, keepComment) {
  for (const [id, name] of Object.entries(BUTTONS)) pressed(document.getElementById(id), does[name]);
  for (const button of document.querySelectorAll(".choices button")) {
    const { emotion, verdict, confidence } = button.dataset;
    pressed(button, () => {
      if (verdict) does[verdict]();
      else set(emotion ? "emotion" : "confidence", emotion ?? Number(confidence));
    });
  }
  let timer;
  const comment = document.getElementById("comment");
  const keep = () => {
    clearTimeout(timer);
    keepComment();
  };
  comment.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(keep, COMMENT_MS);
  });
  comment.addEventListener("blur", keep);
  addEventListener("beforeunload", keep, { capture: true }); // before it is asked what is unsaved
  comment.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Escape" || (event.key === "Enter" && !event.shiftKey)) {
      event.preventDefault();
      comment.blur();
    }
  });
}
