// Where a reader stopped: offered when they come back, told when they leave. Only while they keep their history.
{
  const article = location.pathname.match(/^\/articles\/(\d+)\//)?.[1], address = `/account/history/${article}/place/`, OFF = "history-off", AN_HOUR = 36e5;
  const root = document.documentElement, blocks = () => [...document.querySelectorAll(".text > div > :not(section)")];
  let furthest = 1, told = 0;

  const look = () => {
    const places = blocks().map((block) => block.getBoundingClientRect()), end = places.length ? places.at(-1).bottom : -1;
    if (end < 0) return; // in the notes, or beyond
    const passed = places.filter((place) => place.top < innerHeight / 2).length;
    furthest = Math.max(furthest, end < innerHeight ? places.length : passed);
  };
  const tell = () => {
    look();
    if (root.dataset.access !== "open" || furthest <= told) return;
    told = furthest;
    navigator.sendBeacon(address, new URLSearchParams({ paragraph: told, paragraphs: blocks().length }));
  };
  const offer = ({ paragraph, paragraphs }) => {
    const all = blocks(), block = all[Math.round((paragraph / paragraphs) * all.length) - 1];
    if (!block || root.dataset.access !== "open" || location.hash) return;
    const box = Object.assign(document.createElement("section"), { className: "place", ariaLabel: "Where you were" });
    box.innerHTML = '<button class="button">Continue where you were</button><button class="button plain" aria-label="Close">×</button>';
    box.onclick = ({ target }) => {
      if (target === box) return;
      box.remove();
      if (target.ariaLabel) return;
      block.tabIndex = -1;
      block.focus({ preventScroll: true });
      block.scrollIntoView({ block: "center" });
    };
    document.getElementById("main").prepend(box);
  };
  const start = async () => {
    if (!article) return localStorage.removeItem(OFF);
    if (Date.now() < localStorage[OFF]) return;
    const response = await fetch(address);
    if (response.status === 204) localStorage[OFF] = Date.now() + AN_HOUR;
    if (response.status !== 200) return;
    offer(await response.json());
    setInterval(look, 4000); // a place counts when somebody stays there, not when they pass
    for (const moment of ["pagehide", "visibilitychange"]) addEventListener(moment, tell);
  };
  start().catch(() => {});
}
