// Results while typing, and suggestions under the field. Without this script the form is plain HTML.
const form = document.querySelector("[data-search]"), field = form.q, PAUSE_MS = 180;
const list = Object.assign(document.createElement("ul"), { id: "suggestions", className: "suggestions", role: "listbox", hidden: true });
list.setAttribute("aria-label", "Suggestions");
field.closest(".ask").after(list);
for (const [name, value] of [["role", "combobox"], ["aria-controls", "suggestions"], ["aria-expanded", "false"], ["aria-autocomplete", "list"]])
  field.setAttribute(name, value);
let waiting = 0, turn = 0, chosen = -1;

field.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(look, PAUSE_MS);
});

async function look() {
  const mine = ++turn, words = field.value.trim();
  const response = words.length > 1 && await fetch(`/library/suggest/?${new URLSearchParams({ q: words })}`).catch(() => null);
  if (mine === turn) show(response && response.ok ? await response.text() : "");
  const swapped = document.querySelector("[data-search-swap]");
  if (!swapped || !words) return;
  const address = `/library/?${new URLSearchParams(new FormData(form))}`;
  const page = await fetch(address, { credentials: "same-origin" }).catch(() => null);
  if (!page || !page.ok || mine !== turn) return;
  const fresh = new DOMParser().parseFromString(await page.text(), "text/html").querySelector("[data-search-swap]");
  if (fresh && mine === turn) {
    swapped.replaceWith(fresh);
    history.replaceState(null, "", address);
  }
}

function show(html) {
  list.innerHTML = html;
  chosen = -1;
  const isOpen = list.childElementCount > 0 && document.activeElement === field;
  list.hidden = !isOpen;
  field.setAttribute("aria-expanded", isOpen);
  field.removeAttribute("aria-activedescendant");
}

function choose(place) {
  const items = [...list.children];
  chosen = (place + items.length + 1) % (items.length + 1);
  items.forEach((item, number) => item.setAttribute("aria-selected", number === chosen));
  if (items[chosen]) field.setAttribute("aria-activedescendant", items[chosen].id);
  else field.removeAttribute("aria-activedescendant");
}

field.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !list.hidden) { show(""); event.preventDefault(); }
  else if (list.hidden) return;
  else if (event.key === "ArrowDown") { choose(chosen < 0 ? 0 : chosen + 1); event.preventDefault(); }
  else if (event.key === "ArrowUp") { choose(chosen < 0 ? list.childElementCount - 1 : chosen - 1); event.preventDefault(); }
  else if (event.key === "Enter" && list.children[chosen]) { event.preventDefault(); location.href = list.children[chosen].querySelector("a").href; }
});
addEventListener("focusin", (event) => { if (!form.contains(event.target)) show(""); });
addEventListener("keydown", (event) => {
  if (event.key === "/" && !/^(input|textarea|select)$/i.test(document.activeElement.tagName)) { field.focus(); event.preventDefault(); }
});
