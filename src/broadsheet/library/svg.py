"""What makes an uploaded SVG unsafe to serve. Pure.

An SVG opened by itself is a document that may run scripts and load files from elsewhere. Such files are
refused rather than mended: the editor sees what was found and exports the drawing again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from lxml import etree

_FORBIDDEN_TAGS = {"script", "foreignobject", "iframe", "object", "embed", "handler", "listener", "audio", "video", "set"}
_SAFE_IMAGE = re.compile(r"data:image/(?:png|jpeg|webp|gif);base64,", re.IGNORECASE)
_CSS_REFERENCE = re.compile(r"@import|url\(\s*[\"']?\s*(?!#)(?!data:image/(?:png|jpeg|webp|gif|svg\+xml)?;base64,)", re.IGNORECASE)


def find_svg_dangers(content: bytes) -> tuple[str, ...]:
    """What stands in the file that may not: scripts, event handlers, entities, references to other places.

    Empty if the drawing is safe. Each finding is a short phrase for the editor, in the file's order, once.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        return (f"it is not well-formed XML ({error.msg})",)
    if not _name(root).endswith("svg"):
        return ("it is not an SVG drawing",)
    findings = list(_declaration_dangers(root.getroottree()))
    for element in chain(root.itersiblings(preceding=True), root.iter(), root.itersiblings()):
        findings.extend(_element_dangers(element))
    return tuple(dict.fromkeys(findings))


def _declaration_dangers(tree: etree._ElementTree) -> Iterator[str]:
    if tree.docinfo.internalDTD is not None and tree.docinfo.internalDTD.entities():  # type: ignore[attr-defined] # the stubs miss it
        yield "it declares entities"


def _element_dangers(element: etree._Element) -> Iterator[str]:
    if not isinstance(element.tag, str):
        if isinstance(element, etree._ProcessingInstruction):
            yield "a processing instruction such as a style sheet from elsewhere"
        if isinstance(element, etree._Entity):
            yield "it uses entities of its own"
        return
    name = _name(element)
    if name in _FORBIDDEN_TAGS:
        yield f"an element <{name}>"
    if name == "style" and _CSS_REFERENCE.search(element.text or ""):
        yield "a style that loads a file from elsewhere"
    for attribute, value in element.attrib.items():
        yield from _attribute_dangers(name, str(attribute), str(value))


def _attribute_dangers(tag: str, attribute: str, value: str) -> Iterator[str]:
    name = etree.QName(attribute).localname.casefold()
    text = re.sub(r"[\s\x00-\x1f]+", "", value)
    if name.startswith("on"):
        yield f"an event handler {name}"
    elif name in ("href", "src") and not _is_safe_reference(tag, text):
        yield f"a reference to {text[:60]}"
    elif name in ("attributename",) and text.casefold().endswith("href"):
        yield "an animation that changes a reference"
    elif _CSS_REFERENCE.search(value):
        yield f"a reference to another file in {name}"


def _is_safe_reference(tag: str, text: str) -> bool:
    if text.startswith("#") or not text:
        return True
    if tag == "a":
        return text.casefold().startswith(("https://", "http://"))
    return tag in ("image", "feimage") and bool(_SAFE_IMAGE.match(text))


def _name(element: etree._Element) -> str:
    return etree.QName(element).localname.casefold()
