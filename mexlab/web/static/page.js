// What the script of every page begins with: what the server gave the page, its words in the
// reader's language, and numbers as that language writes them.
export const $ = (id) => document.getElementById(id);
export const given = JSON.parse($("given").textContent);
export const language = document.documentElement.lang;

// The text with its {placeholders} filled in.
export const say = (key, values = {}) =>
  (given.words[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

export const decimal = (value, digits) => value.toLocaleString(language, {
  minimumFractionDigits: digits, maximumFractionDigits: digits });

// What is said in #message while a question to the server is tried again.
export const trouble = ({ status } = {}) =>
  ($("message").textContent = say(status === 401 ? "token" : "away"));

// A button that does this; pressed by mouse it lets the keys go on working.
export function pressed(button, act) {
  button.addEventListener("click", (event) => {
    if (event.detail) button.blur();
    act();
  });
}
