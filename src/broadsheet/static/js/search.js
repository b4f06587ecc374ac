// Results while typing, and suggestions under the field. Without this script the form is plain HTML.
const form = document.querySelector("[data-search]"), field = form.q, PAUSE_MS = 180;
const list = Object.assign(document.createElement("ul"), { id: "suggestions", className: "suggestions", role: "listbox", hidden: true });
list.setAttribute("aria-label", "Suggestions");
field.closest(".ask").after(list);
for (const [name, value] of [["role", "combobox"], ["aria-controls", "suggestions"], ["aria-expanded", "false"], ["aria-autocomplete", "list"]])
  field.setAttribute(name, value);
let waiting = 0, chosen = -1, asking = new AbortController(), isOwnEntry = false, shownFor = location.search;

field.addEventListener("input", () => {
  clearTimeout(waiting);
  asking.abort();
  waiting = setTimeout(look, PAUSE_MS);
});
form.addEventListener("submit", () => { clearTimeout(waiting); asking.abort(); });

function look() {
  const words = field.value.trim();
  asking = new AbortController();
  suggest(words, asking.signal);
  find(words, asking.signal);
}

// The text of a page, or null where there is none; an answer that nobody waits for any more throws.
async function load(address, signal) {
  const answer = await fetch(address, { credentials: "same-origin", signal }).catch((error) => { if (signal.aborted) throw error; });
  return answer && answer.ok ? answer.text() : null;
}

async function suggest(words, signal) {
  const html = words.length > 1 ? await load(`/library/suggest/?${new URLSearchParams({ q: words })}`, signal).catch(() => null) : "";
  if (!signal.aborted) show(html || "");
}

async function find(words, signal) {
  const shown = document.querySelector("[data-search-swap]");
  if (!shown || !words) return;
  const address = `/library/?${new URLSearchParams(new FormData(form))}`;
  shown.setAttribute("aria-busy", "true");
  try {
    const text = await load(address, signal);
    const fresh = text && new DOMParser().parseFromString(text, "text/html").querySelector("[data-search-swap]");
    if (signal.aborted) return;
    if (!fresh) say("The library does not answer just now. What you see are the results from before; press Find to ask again.", true);
    else if (!shown.contains(document.activeElement)) {
      shown.replaceWith(fresh);
      // One step back leads to what was asked before the typing, not to each letter.
      history[isOwnEntry ? "replaceState" : "pushState"](null, "", address);
      isOwnEntry = true;
      shownFor = location.search;
      say(fresh.querySelector("[data-search-tally]")?.textContent ?? "", false);
    }
  } catch { /* overtaken by the next letter */ } finally {
    shown.removeAttribute("aria-busy");
  }
}

function say(words, isTrouble) {
  const status = document.querySelector("[data-search-status]");
  status.classList.toggle("trouble", isTrouble);
  status.textContent = words;
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
  else if (event.key === "Enter" && list.children[chosen]) { event.preventDefault(); location.href = list.children[chosen].dataset.path; }
});
list.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the focus
list.addEventListener("click", (event) => {
  const item = event.target.closest("[data-path]");
  if (item) location.href = item.dataset.path;
});
addEventListener("focusin", (event) => { if (!form.contains(event.target)) show(""); });
addEventListener("pointerdown", (event) => { if (!form.contains(event.target)) show(""); });
addEventListener("keydown", (event) => {
  const isTyping = /^(input|textarea|select)$/i.test(document.activeElement.tagName);
  if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) { field.focus(); event.preventDefault(); }
});
// An entry that typing has made holds no page of its own.
addEventListener("popstate", () => { if (location.search !== shownFor) location.reload(); });
