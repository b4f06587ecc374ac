// The wall's forms without a new page, players that load when pressed, and a button that copies. Without this script all work as plain HTML.
addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-wall]") || !window.fetch) return;
  event.preventDefault();
  if (form.ariaBusy === "true") return;
  form.ariaBusy = "true";
  try {
    const body = new URLSearchParams(new FormData(form));
    const response = await fetch(form.action, { method: "POST", body, credentials: "same-origin" });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    if (!page.querySelector("[data-swap=text]")) throw response.status;
    swap(page);
    const now = new URL(response.url);
    if (response.redirected) history.replaceState(null, "", now.pathname + now.search);
  } catch {
    form.submit();
  }
});

function swap(page) {
  const root = document.documentElement, height = scrollY;
  for (const old of document.querySelectorAll("[data-swap]")) {
    const fresh = page.querySelector(`[data-swap=${old.dataset.swap}]`);
    if (fresh) old.replaceChildren(...fresh.childNodes);
  }
  for (const name of ["access", "reason", "remaining"]) {
    const value = page.documentElement.dataset[name];
    if (value === undefined) delete root.dataset[name];
    else root.dataset[name] = value;
  }
  const target = document.querySelector("[data-swap=text] [aria-invalid]") || document.getElementById("continue");
  if (target && !target.matches("input")) target.tabIndex = -1;
  if (target) target.focus({ preventScroll: true });
  scrollTo({ top: height, behavior: "instant" });
}

addEventListener("click", (event) => {
  const link = event.target.closest && event.target.closest("a[data-frame]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const frame = document.createElement("iframe");
  Object.assign(frame, { src: link.dataset.frame, title: link.firstElementChild.firstChild.data, allow: "autoplay; fullscreen", referrerPolicy: "origin" });
  link.replaceWith(frame);
  frame.focus();
});

const copy = document.querySelector("[data-copy]");
if (copy && navigator.clipboard) {
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById("citation").textContent);
    copy.textContent = "Copied";
  });
}
