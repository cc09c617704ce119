// The place to drop a video: sends it as it is and goes on to the page that shows how far it is.
import { $, say } from "./page.js";

// XMLHttpRequest, since fetch does not say how much of a large file is sent.
function send(file) {
  const asked = new XMLHttpRequest(), drop = $("drop");
  const query = new URLSearchParams({ run: $("run").value, name: file.name });
  const failed = (error) => {
    drop.classList.remove("busy");
    $("sent").hidden = true;
    $("drop-text").textContent = say("predict_drop");
    $("message").textContent = say("predict_refused", { error });
    $("video").value = "";
  };
  drop.classList.add("busy");
  $("message").textContent = "";
  $("drop-text").textContent = `${say("predict_sending")} ${file.name}`;
  $("sent").hidden = false;
  asked.upload.addEventListener("progress", ({ loaded, total }) => ($("sent").value = loaded / (total || 1)));
  asked.addEventListener("error", () => failed(say("away")));
  asked.addEventListener("load", () => {
    const told = asked.status < 500 && asked.responseText.startsWith("{") ? JSON.parse(asked.responseText) : {};
    if (told.to) location.assign(told.to);
    else failed(asked.status === 401 ? say("token") : told.error ?? asked.status);
  });
  asked.open("POST", `/predict/send?${query}`);
  asked.send(file);
}

if ($("send")) {
  const drop = $("drop");
  $("send").addEventListener("submit", (event) => event.preventDefault());
  $("video").addEventListener("change", () => $("video").files[0] && send($("video").files[0]));
  // A file that misses the box must not replace the page.
  for (const name of ["dragover", "drop"]) addEventListener(name, (event) => event.preventDefault());
  drop.addEventListener("dragover", () => drop.classList.add("over-it"));
  drop.addEventListener("dragleave", () => drop.classList.remove("over-it"));
  drop.addEventListener("drop", (event) => {
    drop.classList.remove("over-it");
    const file = event.dataTransfer.files[0];
    if (file && !drop.classList.contains("busy")) send(file);
  });
}
