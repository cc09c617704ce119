// Stepping through numbered frames by keyboard, and the word over a picture that is still to come.
const BUSY_MS = 150; // a picture that comes sooner needs no word

// The key, letters in small, or null where it belongs to what has the focus or to the browser.
export function keyOf(event) {
  const { target, key } = event;
  if (event.ctrlKey || event.metaKey || event.isComposing) return null;
  // A dialog just closed keeps the focus until the page is drawn again.
  if (target.closest("input:not([type=checkbox]), textarea, select, dialog[open]")) return null;
  if (target.closest("button, a") && (key === "Enter" || key === " ")) return null;
  if (target.closest("input") && key === " ") return null;
  return key.length === 1 ? key.toLowerCase() : key;
}

// How many frames an arrow leads on, ten with Shift; 0 for any other key.
export function stepOf(event) {
  const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key] ?? 0;
  return way * (event.shiftKey ? 10 : 1);
}

// Keys of a page that only shows: arrows, space, s, Home and End, and what `more` says, by key.
export function steer(player, more) {
  const does = {
    " ": () => player.toggle(),
    s: () => player.cycleSpeed(),
    Home: () => player.go(0),
    End: () => player.go(player.item.frames - 1),
    ...more,
  };
  addEventListener("keydown", (event) => {
    const key = event.altKey ? null : keyOf(event), step = key && stepOf(event);
    const act = step ? () => player.step(step) : does[key];
    if (!act || (event.repeat && !step)) return; // held down: only steps go on
    event.preventDefault();
    act();
  });
}

// What a player tells while it `waits` for a picture: `box` says at once that there is none to be
// had (`told(true)`), and after a moment that it is coming (`told(false)`).
export function waiting(box, told) {
  let timer;
  return (waits, lacking) => {
    clearTimeout(timer);
    box.hidden = !lacking;
    box.textContent = told(lacking);
    if (waits && !lacking) timer = setTimeout(() => (box.hidden = false), BUSY_MS);
  };
}
