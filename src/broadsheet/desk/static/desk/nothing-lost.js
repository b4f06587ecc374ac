// Wagtail 8.0 takes the form for saved as it stands two seconds after loading, and again as it stands when the
// answer to a self-made save comes in. Words typed before the first moment, or while a save is on its way,
// would be neither saved nor warned about. This marks the form as changed in both cases.
// Besides, a self-made save is known to Wagtail's script but not to the form: a press of Publish after it would name
// the version from before, and be refused as if somebody else had saved. So the form is told which one is its own.
(() => {
  "use strict";
  const NOT_TEXT = ["csrfmiddlewaretoken", "loaded_revision_id", "loaded_revision_created_at", "overwrite_revision_id", "next"];
  let typed = false;
  let sent = null;

  const note = (event) => {
    typed = typed || (event.isTrusted && event.target instanceof Element && !!event.target.closest("[data-edit-form]"));
  };
  ["input", "change", "paste", "drop"].forEach((name) => document.addEventListener(name, note, true));

  function serialise(formData, skipped = []) {
    const out = new Set([...NOT_TEXT, ...skipped]);
    const entries = [...formData.entries()].filter(([name]) => !out.has(name));
    return JSON.stringify(entries.map(([name, value]) => [name, value instanceof File ? `${value.name} ${value.size}` : value]));
  }

  const mark = (form) => {
    form.dataset.wUnsavedForceValue = "true";
  };

  const own = (form, revision) => {
    if (!revision) return;
    let field = form.elements.namedItem("overwrite_revision_id");
    if (!field) {
      field = Object.assign(document.createElement("input"), { type: "hidden", name: "overwrite_revision_id" });
      form.append(field);
    }
    field.value = String(revision);
  };

  document.addEventListener("w-unsaved:watch-edits", (event) => {
    if (typed && sent === null) mark(event.target);
    typed = false;
  });
  document.addEventListener("w-autosave:save", (event) => {
    sent = event.target.closest("[data-edit-form]") ? new FormData(event.target) : sent;
  });
  document.addEventListener("w-autosave:success", (event) => {
    const form = event.target;
    if (!form.closest("[data-edit-form]")) return;
    own(form, event.detail?.response?.revision_id);
    if (sent === null) return;
    // What the server has changed itself: the numbers of bylines and corrections that it has just stored.
    const updated = Object.keys(event.detail?.response?.field_updates || {});
    if (serialise(sent, updated) !== serialise(new FormData(form), updated)) mark(form);
  });
})();
