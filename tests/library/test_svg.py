"""Drawings that run scripts or load files from elsewhere are found."""

from __future__ import annotations

import pytest

from broadsheet.library.svg import find_svg_dangers

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 10 10">'

SAFE = {
    "shapes": f'{HEAD}<rect width="10" height="10" fill="#0d5c63"/><text x="1" y="2">Strait</text></svg>',
    "own references": f'{HEAD}<defs><path id="p" d="M0 0"/></defs><use href="#p"/><use xlink:href="#p"/><rect fill="url(#g)"/></svg>',
    "own style": f"{HEAD}<style>.a {{ fill: url(#g); font: 12px serif }}</style></svg>",
    "own picture": f'{HEAD}<image href="data:image/png;base64,iVBORw0KGgo="/></svg>',
    "link": f'{HEAD}<a href="https://www.un.org/"><text>UN</text></a></svg>',
    "doctype": f'<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/x.dtd">{HEAD}</svg>',
}
DANGEROUS = {
    "script": f"{HEAD}<script>alert(1)</script></svg>",
    "script with a prefix": '<s:svg xmlns:s="http://www.w3.org/2000/svg"><s:script>alert(1)</s:script></s:svg>',
    "handler": f'{HEAD}<rect onload="alert(1)"/></svg>',
    "handler in capitals": f'{HEAD}<rect OnClick="alert(1)"/></svg>',
    "foreign object": f'{HEAD}<foreignObject><div xmlns="http://www.w3.org/1999/xhtml"/></foreignObject></svg>',
    "script address": f'{HEAD}<a href="javascript:alert(1)"><text>x</text></a></svg>',
    "script address with a gap": f'{HEAD}<a href="java&#10;script:alert(1)"><text>x</text></a></svg>',
    "picture from elsewhere": f'{HEAD}<image href="https://tracker.example/x.png"/></svg>',
    "picture from elsewhere, old form": f'{HEAD}<image xlink:href="//tracker.example/x.png"/></svg>',
    "use from elsewhere": f'{HEAD}<use href="https://example.org/x.svg#p"/></svg>',
    "drawing in a picture": f'{HEAD}<image href="data:image/svg+xml;base64,PHN2Zz4="/></svg>',
    "style from elsewhere": f"{HEAD}<style>@import 'https://example.org/x.css';</style></svg>",
    "font from elsewhere": f"{HEAD}<style>@font-face {{ src: url(https://example.org/f.woff) }}</style></svg>",
    "fill from elsewhere": f"{HEAD}<rect style=\"fill: url('https://example.org/x.svg#g')\"/></svg>",
    "style sheet": f'<?xml-stylesheet href="https://example.org/x.css"?>{HEAD}</svg>',
    "animated reference": f'{HEAD}<a><animate attributeName="href" to="javascript:alert(1)"/></a></svg>',
    "set": f'{HEAD}<a><set attributeName="onclick" to="alert(1)"/></a></svg>',
    "entities": f'<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>{HEAD}<text>&b;</text></svg>',
    "file": f'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>{HEAD}<text>&x;</text></svg>',
    "not a drawing": "<html><body/></html>",
    "not well formed": f"{HEAD}<rect></svg>",
    "empty": "",
}


@pytest.mark.parametrize("content", SAFE.values(), ids=SAFE.keys())
def test_plain_drawing_is_safe(content: str) -> None:
    assert find_svg_dangers(content.encode()) == ()


@pytest.mark.parametrize("content", DANGEROUS.values(), ids=DANGEROUS.keys())
def test_danger_is_found_and_named(content: str) -> None:
    assert find_svg_dangers(content.encode())
