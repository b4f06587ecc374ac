// While a bulk change is under way its page is looked at again every second. Without this script a reload does the same.
(() => {
  "use strict";
  const EVERY_MS = 1000;

  const look = async () => {
    const shown = document.getElementById("desk-bulk");
    if (!shown || !("underWay" in shown.dataset)) return;
    const response = await fetch(location.href, { credentials: "same-origin" }).catch(() => null);
    const fresh = response && response.ok
      ? new DOMParser().parseFromString(await response.text(), "text/html").getElementById("desk-bulk")
      : null;
    // Whoever is about to press Stop keeps the button.
    if (fresh && !shown.contains(document.activeElement)) shown.replaceWith(fresh);
    else if (fresh && !("underWay" in fresh.dataset)) shown.replaceWith(fresh);
    setTimeout(look, EVERY_MS);
  };
  setTimeout(look, EVERY_MS);
})();
