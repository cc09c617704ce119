// The filter acts as it is changed; what is empty stays out of the address.
const sieve = document.getElementById("sieve");

sieve.addEventListener("submit", () => {
  for (const field of sieve.elements) if (field.name && !field.value) field.disabled = true;
});
sieve.addEventListener("change", () => sieve.requestSubmit());
// A picture that cannot be had leaves its place empty.
for (const picture of document.querySelectorAll(".cards img")) {
  const lost = () => picture.classList.add("lost");
  picture.addEventListener("error", lost);
  if (picture.complete && !picture.naturalWidth) lost();
}
// Back from a clip, the browser may have kept the page with its fields disabled.
addEventListener("pageshow", () => {
  for (const field of sieve.elements) field.disabled = false;
});
