// The list of countries, narrowed while somebody types. Without this script the whole list stands there.
const form = document.querySelector("[data-country-filter]"), field = form.querySelector("input"), told = form.querySelector("[data-country-count]");
const plain = (text) => text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "").replace(/[’']/g, "'").trim();
const items = [...document.querySelectorAll("[data-names]")].map((item) => [item, plain(item.dataset.names)]);
form.hidden = false;
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const first = items.find(([item]) => !item.hidden);
  if (first && field.value) location.href = first[0].querySelector("a").href;
});
field.addEventListener("input", narrow);
narrow(); // the browser may have kept what was typed

function narrow() {
  const words = plain(field.value).split(/\s+/);
  for (const [item, names] of items) item.hidden = !words.every((word) => (" " + names).includes(" " + word));
  for (const part of document.querySelectorAll(".country-region")) part.hidden = !part.querySelector("li:not([hidden])");
  const left = items.filter(([item]) => !item.hidden).length;
  told.textContent = field.value.trim() ? (left ? `${left} ${left === 1 ? "country" : "countries"}` : "No country of that name") : "";
}
