// Takes pastes into an article's body that Wagtail's text field would flatten (tables, footnotes, headings,
// whole documents from Word and Google Docs), has the server turn them into blocks, and puts these into the
// stream after the block that was pasted into. Plain sentences are left to the text field.
(() => {
  "use strict";

  const WORTH_CONVERTING =
    /<table[\s>]|<h[1-6][\s>]|mso-|class="?Mso|docs-internal-guid|_ftn|footnote|<blockquote[\s>]|<img[\s>]/i;

  const stream = () => document.getElementById("body-root")?.rootBlock;

  const holds = (root, node) => root?.container?.[0]?.contains(node);

  function childOf(root, node) {
    return root.children.find((child) => child.element?.contains(node) || child.block?.element?.contains(node));
  }

  function isEmptyText(child) {
    if (child?.type !== "text") return false;
    try {
      const state = JSON.parse(child.block.getValue());
      return !state || state.blocks.every((block) => !block.text.trim() && block.type !== "atomic");
    } catch {
      return false;
    }
  }

  function takenKeys(root) {
    return root.children.filter((child) => child.type === "footnote").map((child) => String(child.block.getValue().key));
  }

  // Pictures inside the HTML itself are left out anyway, and can be many megabytes; so can Word's style sheets.
  const slim = (html) => html.replace(/(\ssrc=)("|')data:[^"']*\2/gi, "$1$2$2").replace(/<style[\s>][\s\S]*?<\/style>/gi, "");

  async function convert(html, root) {
    const body = new FormData();
    body.append("html", slim(html));
    takenKeys(root).forEach((key) => body.append("taken", key));
    const token = document.querySelector("input[name=csrfmiddlewaretoken]").value;
    const url = document.body.dataset.deskPaste || "/desk/paste/";
    const answer = await fetch(url, { method: "POST", body, headers: { "X-CSRFToken": token }, credentials: "same-origin" });
    const found = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(found.problem || `The server answered ${answer.status}.`);
    return found;
  }

  function insert(blocks, root, child) {
    const at = child ? child.index + 1 : root.children.length;
    blocks.forEach((block, offset) => root.insert(block, at + offset, {}));
    if (child && blocks.length && isEmptyText(child)) child.delete({ animate: false });
    root.container[0].dispatchEvent(new Event("change", { bubbles: true }));
  }

  function say(text, field, isProblem) {
    let note = document.getElementById("desk-paste-note");
    if (!note) {
      note = document.createElement("p");
      note.id = "desk-paste-note";
      note.setAttribute("role", "status");
      field.before(note);
    }
    note.className = isProblem ? "desk-paste-note desk-paste-note--problem" : "desk-paste-note";
    note.textContent = text;
  }

  function report(found) {
    const count = found.blocks.length;
    const pictures = found.pictures
      ? ` ${found.pictures === 1 ? "One picture was" : `${found.pictures} pictures were`} left out: upload pictures with their rights, then add them as figures.`
      : "";
    return `Pasted as ${count} block${count === 1 ? "" : "s"}.${pictures}`;
  }

  document.addEventListener(
    "paste",
    async (event) => {
      const root = stream();
      const html = event.clipboardData?.getData("text/html") || "";
      const inText = event.target instanceof Element && event.target.closest(".Draftail-Editor");
      if (!root || !inText || !holds(root, event.target) || !WORTH_CONVERTING.test(html)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const child = childOf(root, event.target);
      const field = root.container[0];
      if (child && child.type !== "text") return void say("Paste tables and footnotes into a text block.", field, true);
      try {
        const found = await convert(html, root);
        insert(found.blocks, root, child);
        say(report(found), field, false);
      } catch (problem) {
        say(`This could not be pasted: ${problem.message} Nothing was changed.`, field, true);
      }
    },
    true,
  );
})();
