"""Turns the transcripts of Australian prime ministers into JSON Lines for `broadsheet import`.

    python scripts/corpora/pm_transcripts.py ARCHIVE [--limit N] > transcripts.jsonl

ARCHIVE is a .tar.xz of the XML files (or a folder of them), one `<transcript>` each, with the text as HTML in
`<content>`. Nothing is left out here: what has no text is the importer's to refuse.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tarfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from lxml import etree

CREDIT = "Licensed from the Commonwealth of Australia under a Creative Commons Attribution 3.0 Australia Licence."


def read_documents(archive: Path) -> Iterator[bytes]:
    """The XML files of `archive`, in its order."""
    if archive.is_dir():
        for path in sorted(archive.rglob("*.xml")):
            yield path.read_bytes()
        return
    with tarfile.open(archive) as tar:
        for member in tar:
            file = tar.extractfile(member) if member.isfile() and member.name.endswith(".xml") else None
            if file is not None:
                yield file.read()


def parse_fields(content: bytes) -> dict[str, str]:
    """One document's fields as they are named in it."""
    root = etree.fromstring(content, parser=etree.XMLParser(recover=True, resolve_entities=False, no_network=True, huge_tree=True))
    transcript = root.find("transcript") if root.tag != "transcript" else root
    return {str(child.tag): "".join(child.itertext()).strip() for child in transcript}


def parse_transcript(content: bytes) -> dict[str, Any]:
    """One document's fields as the importer reads them."""
    texts = parse_fields(content)
    identity = texts.get("transcript-id", "")
    fields = {
        "id": f"pm-transcript-{identity}",
        "headline": texts.get("title", ""),
        "date": parse_date(texts.get("release-date", "")),
        "authors": [turn_name(texts.get("prime-minister", ""))],
        "topics": [part.strip(" .") for part in re.split(r"[;,]", texts.get("subjects", "")) if part.strip(" .")],
        "kind": "briefing" if texts.get("release-type") == "Media Release" else "daily",
        "old_urls": [f"/release/transcript-{identity}"],
        "body_html": texts.get("content", ""),
    }
    return {name: value for name, value in fields.items() if value}


def parse_date(text: str) -> str:
    """`23/02/1998` (day first) as `1998-02-23`; anything else as it is, for the importer to judge."""
    match = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", text)
    return f"{match[3]}-{int(match[2]):02}-{int(match[1]):02}" if match else text


def turn_name(name: str) -> str:
    """`Howard, John` as `John Howard`."""
    last, _, first = name.partition(",")
    return f"{first.strip()} {last.strip()}".strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, epilog=CREDIT)
    parser.add_argument("archive", type=Path)
    parser.add_argument("--limit", type=int)
    options = parser.parse_args()
    for content in islice(read_documents(options.archive), options.limit):
        sys.stdout.write(json.dumps(parse_transcript(content), ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
