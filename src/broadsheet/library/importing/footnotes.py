"""Finds the notes of a text in HTML as Word, LibreOffice, Google Docs, Markdown, WordPress and wikis write them.

All of them link twice: a short mark in the text leads to the note, and the note leads back to the mark.
That pair is what is looked for, so no writer's own class names are needed; they only help where a
note does not lead back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml.html import HtmlElement

_MARK = re.compile(r"^[\[(^]*\s*(?:\d{1,3}(?::\d{1,2})?|[ivxlc]{1,6}|[a-z]|[*†‡§¶]{1,4})\s*[\]).]*$", re.IGNORECASE)
_NOTE_NAME = re.compile(
    r"^(?:(?:endnote|footnote|sdfootnote|sdendnote|cite_note|note|easy-footnote)|_?(?:ftn|edn|fn)(?:\d|\b))", re.IGNORECASE
)
_HEADING = re.compile(r"^(?:foot|end)?notes?:?$|^references:?$", re.IGNORECASE)
_CONTAINERS = frozenset({"li", "p", "div", "aside", "td", "tr", "dd", "dt", "section"})
_CLIMBED = frozenset({"li", "div", "aside", "tr", "section"})
_NEAR = 3


@dataclass(slots=True)
class Notes:
    """What was found: the key of each mark, and the element of each note, taken out of the tree."""

    keys: dict[HtmlElement, str] = field(default_factory=dict)
    elements: dict[str, HtmlElement] = field(default_factory=dict)


def take_notes(root: HtmlElement) -> Notes:
    """Find the notes below `root` and take their elements out of the tree.

    Keys are numbers in the order in which the text refers to the notes.
    """
    notes = Notes()
    anchors = [a for a in root.iter("a") if "#" in (a.get("href") or "")]
    if not anchors:
        return notes
    targets = _targets(root)
    order = {element: position for position, element in enumerate(root.iter())}
    marks = [(a, note) for a in anchors if (note := _note_of(a, targets, order)) is not None]
    named = {note for _, note in marks}
    taken: dict[HtmlElement, str] = {}
    for mark, target in marks:
        container = _container(target, root, named, {a for a, _ in marks})
        if container is None or mark in set(container.iter()):
            continue
        if container not in taken and not (_leads_back(container, mark, targets) or _is_called_a_note(target, container)):
            continue
        taken.setdefault(container, str(len(taken) + 1))
        notes.keys[mark] = taken[container]
    for container, key in taken.items():
        _drop_back_links(container, targets, order)
        notes.elements[key] = container
        _take_out(container)
    _drop_empty_headings(root, bool(taken))
    return notes


def _targets(root: HtmlElement) -> dict[str, HtmlElement]:
    targets: dict[str, HtmlElement] = {}
    for element in root.iter():
        for name in (element.get("id"), element.get("name")):
            if name:
                targets.setdefault(name, element)
    return targets


def _fragment(anchor: HtmlElement) -> str:
    return (anchor.get("href") or "").partition("#")[2]


def _note_of(anchor: HtmlElement, targets: dict[str, HtmlElement], order: dict[HtmlElement, int]) -> HtmlElement | None:
    """The element that `anchor` leads to, if the anchor reads like a mark and leads forward."""
    target = targets.get(_fragment(anchor))
    if target is None or order[target] <= order[anchor] or not _MARK.match(anchor.text_content().strip()):
        return None
    return target


def _container(target: HtmlElement, root: HtmlElement, named: set[HtmlElement], marks: set[HtmlElement]) -> HtmlElement | None:
    """The largest element around `target` that holds this one note and no mark of the text."""
    element: HtmlElement | None = target
    while element is not None and element is not root and element.tag not in _CONTAINERS:
        element = element.getparent()
    if element is None or element is root:
        return None
    while True:
        parent = element.getparent()
        if parent is None or parent is root or parent.tag not in _CLIMBED:
            return element
        inside = set(parent.iter())
        if (inside & named) - {target} or inside & marks:
            return element
        element = parent


def _leads_back(container: HtmlElement, mark: HtmlElement, targets: dict[str, HtmlElement]) -> bool:
    near = {mark, *mark.iter()}
    above = mark
    for _ in range(_NEAR):
        parent = above.getparent()
        if parent is None:
            break
        above = parent
        near.add(above)
        if above.tag in _CONTAINERS:
            break
    return any(targets.get(_fragment(a)) in near for a in container.iter("a") if "#" in (a.get("href") or ""))


def _is_called_a_note(target: HtmlElement, container: HtmlElement) -> bool:
    parent = container.getparent()
    names = [target.get("id"), target.get("name"), container.get("id"), container.get("class")]
    names += [parent.get("class"), parent.get("id")] if parent is not None else []
    return any(_NOTE_NAME.match(name.strip()) or "footnote" in name.lower() for name in names if name)


def _drop_back_links(container: HtmlElement, targets: dict[str, HtmlElement], order: dict[HtmlElement, int]) -> None:
    here = order[container]
    for anchor in list(container.iter("a")):
        target = targets.get(_fragment(anchor))
        if target is not None and order[target] < here and len(anchor.text_content().strip()) <= 8:
            _take_out(anchor)


def _drop_empty_headings(root: HtmlElement, found: bool) -> None:
    for heading in list(root.iter("h1", "h2", "h3", "h4", "h5", "h6")) if found else ():
        if _HEADING.match(heading.text_content().strip()) and not _text_after(heading, root):
            _take_out(heading)


def _text_after(element: HtmlElement, root: HtmlElement) -> bool:
    while element is not root:
        if (element.tail or "").strip():
            return True
        if any(sibling.text_content().strip() for sibling in element.itersiblings()):
            return True
        parent = element.getparent()
        if parent is None:
            return False
        element = parent
    return False


def _take_out(element: HtmlElement) -> None:
    """Remove `element` from its parent and leave the text after it where it is."""
    parent = element.getparent()
    if parent is None:
        return
    tail, element.tail = element.tail, None
    before = element.getprevious()
    if tail and before is not None:
        before.tail = (before.tail or "") + tail
    elif tail:
        parent.text = (parent.text or "") + tail
    parent.remove(element)
