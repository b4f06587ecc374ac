// Wagtail 8.0 takes the form for saved as it stands two seconds after loading, and again as it stands when the
// answer to a self-made save comes in. Words typed before the first moment, or while a save is on its way,
// would be neither saved nor warned about. This marks the form as changed in both cases.
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

  document.addEventListener("w-unsaved:watch-edits", (event) => {
    if (typed && sent === null) mark(event.target);
    typed = false;
  });
  document.addEventListener("w-autosave:save", (event) => {
    sent = event.target.closest("[data-edit-form]") ? new FormData(event.target) : sent;
  });
  document.addEventListener("w-autosave:success", (event) => {
    const form = event.target;
    if (!form.closest("[data-edit-form]") || sent === null) return;
    // What the server has changed itself: the numbers of bylines and corrections that it has just stored.
    const updated = Object.keys(event.detail?.response?.field_updates || {});
    if (serialise(sent, updated) !== serialise(new FormData(form), updated)) mark(form);
  });
})();
