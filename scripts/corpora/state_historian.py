"""Turns texts of the US Office of the Historian (TEI) into JSON Lines for `broadsheet import`.

    python scripts/corpora/state_historian.py FOLDER > historian.jsonl

FOLDER holds the archives rdcr, milestones, secretary-bios and frus-history (.tar.xz) or the folders unpacked from them.
Country articles and biographies are one article a file; chapters of Milestones and of the monograph one article a section.
The texts are in the public domain. They carry no dates of publication of their own but for a year in their headers.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tarfile
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from lxml import etree

TEI = "{http://www.tei-c.org/ns/1.0}"
XML_ID = "{http://www.w3.org/XML/1998/namespace}id"
SETS = {"rdcr": "countries", "milestones": "milestones", "secretary-bios": "people", "frus-history": "frus-history"}
_INLINE = {"hi": "i", "title": "i", "emph": "i", "foreign": "i"}


def read_files(folder: Path, name: str) -> Iterator[tuple[str, bytes]]:
    """The XML files of one set, by path, from its archive or its folder."""
    archive = folder / f"{name}.tar.xz"
    if archive.exists():
        with tarfile.open(archive) as tar:
            for member in sorted(tar.getmembers(), key=lambda one: one.name):
                file = tar.extractfile(member) if member.isfile() and member.name.endswith(".xml") else None
                if file is not None:
                    yield member.name, file.read()
        return
    for path in sorted((folder / name).rglob("*.xml")):
        yield str(path), path.read_bytes()


def articles_of(name: str, path: str, content: bytes) -> Iterator[dict[str, Any]]:
    """The articles in one file."""
    root = etree.fromstring(content, parser=etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
    if root.tag != f"{TEI}TEI":
        return
    stem = Path(path).stem
    if name in ("milestones", "frus-history") and "documents" not in path:
        for section in root.iter(f"{TEI}div"):
            if section.get(XML_ID) and not any(True for _ in section.iterchildren(f"{TEI}div") if _.get("type") == "section"):
                yield _section(name, stem, root, section)
        return
    body = root.find(f"{TEI}text/{TEI}body")
    fields = _fields(name, stem, root, _title(root))
    yield {**fields, "body_html": _Writer().children(body) if body is not None else ""}


def _section(name: str, stem: str, root: Any, section: Any) -> dict[str, Any]:
    head = section.find(f"{TEI}head")
    title = _plain(head) if head is not None else section.get(XML_ID)
    fields = _fields(name, f"{stem}-{section.get(XML_ID)}", root, title)
    if head is not None:
        head.tag = "dropped"
    return {**fields, "body_html": _Writer().children(section)}


def _fields(name: str, stem: str, root: Any, headline: str) -> dict[str, Any]:
    said = {
        "id": f"historian-{name}-{stem}",
        "headline": headline,
        "date": _date(root),
        "authors": [_author(root)],
        "topics": [SETS[name]],
        "kind": "in-depth",
        "old_urls": [f"/{SETS[name]}/{stem}"],
    }
    return {key: value for key, value in said.items() if value}


def _title(root: Any) -> str:
    titles = {title.get("type"): _plain(title) for title in root.iter(f"{TEI}title")}
    return titles.get("short") or titles.get("complete") or ""


def _author(root: Any) -> str:
    """The name in `Researched and written by NAME, MONTH YEAR`; else the office."""
    match = re.search(r"written by ([^,]+?),", " ".join(root.find(f"{TEI}teiHeader").itertext()))
    return " ".join(match[1].split()) if match else "Office of the Historian"


def _date(root: Any) -> str:
    """The day a document was posted, the last change, or the first day of the month or year that the header names."""
    header = root.find(f"{TEI}teiHeader")
    for element in (*header.iter(f"{TEI}date"), *header.iter(f"{TEI}change")):
        if re.fullmatch(r"\d{4}-\d\d-\d\d", element.get("when") or ""):
            return str(element.get("when"))
    text = " ".join(" ".join(header.itertext()).split())
    months = "January February March April May June July August September October November December".split()
    match = re.search(rf"({'|'.join(months)}) ((?:19|20)\d\d)", text)
    if match:
        return f"{match[2]}-{months.index(match[1]) + 1:02}-01"
    year = re.search(r"\b((?:19|20)\d\d)\b", " ".join(header.find(f"{TEI}fileDesc/{TEI}publicationStmt").itertext()))
    return f"{year[1]}-01-01" if year else ""


class _Writer:
    """TEI as HTML: paragraphs, heads, lists, tables, quotations, links, notes; figures come without their files and are left out."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def children(self, element: Any) -> str:
        html = self._inside(element)
        notes = "".join(
            f'<li id="fn{number}">{text} <a href="#fnref{number}">↩</a></li>' for number, text in enumerate(self.notes, 1)
        )
        return html + (f'<section class="footnotes"><ol>{notes}</ol></section>' if notes else "")

    def _inside(self, element: Any) -> str:
        parts = [escape(element.text or "", quote=False)]
        for child in element:
            if isinstance(child.tag, str):
                parts.append(self._element(child, child.tag.removeprefix(TEI)))
            parts.append(escape(child.tail or "", quote=False))
        return "".join(parts)

    def _element(self, element: Any, tag: str) -> str:
        if tag in ("dropped", "figure", "graphic", "index", "teiHeader"):
            return ""
        if tag == "note":
            return self._note(element)
        if tag == "ref" and (element.get("target") or "").startswith(("http", "/")):
            return f'<a href="{escape(element.get("target"))}">{self._inside(element)}</a>'
        if tag == "hi":
            name = "b" if "strong" in (element.get("rend") or "") else "i"
            return f"<{name}>{self._inside(element)}</{name}>"
        names = {"p": "p", "head": "h2", "list": "ul", "item": "li", "table": "table", "row": "tr", "cell": "td", "quote": "q", "lb": "br",
                 "listBibl": "ul", "bibl": "li", "label": "b", **_INLINE}  # fmt: skip
        if tag == "div":
            return f"<div>{self._inside(element)}</div>"
        name = names.get(tag)
        return f"<{name}>{self._inside(element)}</{name}>" if name else self._inside(element)

    def _note(self, element: Any) -> str:
        self.notes.append(self._inside(element))
        number = len(self.notes)
        return f'<sup><a href="#fn{number}" id="fnref{number}">{number}</a></sup>'


def _plain(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    for name in SETS:
        for path, content in read_files(options.folder, name):
            for article in articles_of(name, path, content):
                sys.stdout.write(json.dumps(article, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
