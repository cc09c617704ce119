// The form goes on by itself where a connection breaks: what is filled in is sent as it is filled
// in, again and again until it has arrived, and a page is left only when the server has it.
(() => {
  const RETRY_MS = 2000, PAUSE_MS = 400;
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));
  let form, offline, timer, changes = 0, kept = 0, going = false;
  let sending = Promise.resolve();

  const fields = (act) => {
    const body = new URLSearchParams(new FormData(form));
    body.set("act", act);
    return body;
  };

  async function post(act) {
    for (;;) {
      try {
        const sent = changes;
        const answer = await fetch(location.href, { method: "POST", body: fields(act) });
        if (answer.status < 500) {
          offline.hidden = true;
          kept = sent;
          return answer;
        }
        offline.textContent = offline.dataset.broken;
      } catch {
        offline.textContent = offline.dataset.away;
      }
      offline.hidden = false;
      await wait(RETRY_MS);
    }
  }

  function save() {
    clearTimeout(timer);
    if (going || changes === kept) return;
    sending = sending.then(async () => {
      if (going || changes === kept) return;
      const answer = await post("stay");
      if (answer.status === 401 || answer.status === 403) await show(answer);
    });
  }

  // The page that came instead of the next one: what is amiss, or that the form is closed.
  async function show(answer) {
    // Only what is inside: its style and script are here already.
    const main = (await answer.text()).match(/<main[^]*<\/main>/)?.[0];
    going = false;
    if (!main) return;
    const page = new DOMParser().parseFromString(main, "text/html");
    document.getElementById("page").replaceWith(page.getElementById("page"));
    start();
    const first = document.querySelector("[role=alert]") ?? document.querySelector("h1");
    first.focus();
    if (!form) document.title = first.textContent;
  }

  async function go(button) {
    if (going) return;
    going = true;
    clearTimeout(timer);
    button.setAttribute("aria-busy", "true");
    await sending;
    const answer = await post(button.value);
    if (answer.redirected) {
      location.assign(answer.url);
      return;
    }
    button.removeAttribute("aria-busy");
    await show(answer);
  }

  function player(box) {
    const part = (name) => box.querySelector(`[data-part="${name}"]`);
    const video = box.querySelector("video"), place = part("place"), toggle = part("toggle");
    const from = Number(box.dataset.start), length = Number(box.dataset.end) - from;
    const point = box.dataset.point;
    const clamp = (s) => Math.min(Math.max(s, 0), length);
    const words = (s) => {
      const tenths = Math.round(s * 10), rest = (tenths % 600) / 10;
      return `${Math.floor(tenths / 600)}:${rest.toFixed(1).padStart(4, "0").replace(".", point)}`;
    };
    const at = () => clamp(video.currentTime - from);
    const show = (s) => {
      place.value = s;
      place.setAttribute("aria-valuetext", words(s));
      part("time").textContent = words(s);
    };
    const seek = (s) => {
      video.pause();
      video.currentTime = from + clamp(s);
      show(clamp(s));
    };
    video.addEventListener("loadedmetadata", () => seek(Number(place.value)), { once: true });
    video.addEventListener("timeupdate", () => {
      if (at() >= length && !video.paused) video.pause();
      if (!video.paused) show(at());
    });
    for (const name of ["play", "pause"]) {
      video.addEventListener(name, () => {
        toggle.textContent = name === "play" ? toggle.dataset.pause : toggle.dataset.play;
      });
    }
    toggle.addEventListener("click", () => {
      if (!video.paused) return video.pause();
      if (at() >= length - 0.05) video.currentTime = from;
      return video.play();
    });
    place.addEventListener("input", () => seek(Number(place.value)));
    part("less").addEventListener("click", () => seek(Number(place.value) - 1));
    part("more").addEventListener("click", () => seek(Number(place.value) + 1));
    const mark = part("mark");
    mark?.addEventListener("click", () => {
      video.pause();
      show(at());
      const id = mark.dataset.field;
      form.elements[id].value = form.elements[`${id}_mark`].value = words(at());
      form.elements[`${id}_unknown`].checked = false;
      form.elements[id].dispatchEvent(new Event("input", { bubbles: true }));
    });
  }

  function start() {
    form = document.getElementById("answers");
    offline = document.getElementById("offline");
    if (!form) return;
    const shown = new Set(form.elements.shown?.value.split(" "));
    const changed = ({ target }) => {
      const unknown = form.elements[`${target.name}_unknown`];
      if (unknown && target.value) unknown.checked = false;
      // Words to an option choose it.
      const option = target.dataset.option && document.getElementById(target.dataset.option);
      if (option && target.value) option.checked = true;
      changes += 1;
      shown.add(target.closest("[data-question]").dataset.question);
      form.elements.shown.value = [...shown].join(" ");
      clearTimeout(timer);
      timer = setTimeout(save, PAUSE_MS);
    };
    form.addEventListener("input", changed);
    form.addEventListener("change", (event) => {
      const field = event.target;
      if (field.dataset.empties && field.checked) form.elements[field.dataset.empties].value = "";
      changed(event);
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      go(event.submitter ?? form.querySelector("button.main"));
    });
    document.querySelectorAll("[data-start]").forEach(player);
  }

  document.addEventListener("visibilitychange", () => {
    // Not counted as kept: a beacon does not say whether it arrived.
    if (document.hidden && form && changes > kept && !going) {
      navigator.sendBeacon(location.href, fields("stay"));
    }
  });
  // A page that the browser kept would go on from what it was when it was left.
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  start();
})();
