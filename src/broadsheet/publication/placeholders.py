"""Words that editors write with gaps in braces, such as `{allowance}`, filled in when they are shown. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection

_GAP = re.compile(r"\{([^{}]*)\}|[{}]")


def find_problems(text: str, known: Collection[str]) -> tuple[str, ...]:
    """What keeps `text` from being filled in: unknown gaps and single braces, each once, in order."""
    problems = []
    for match in _GAP.finditer(text):
        name = match.group(1)
        if name is None:
            problems.append(f"a single brace {match.group()}")
        elif name not in known:
            problems.append(f"{{{name}}}")
    return tuple(dict.fromkeys(problems))


def refusal(text: str, known: Collection[str]) -> str:
    """The message that refuses `text`; empty if it can be used."""
    problems = find_problems(text, known)
    if not problems:
        return ""
    allowed = ", ".join(f"{{{name}}}" for name in sorted(known)) or "none"
    return f"Nothing can be filled in for {', '.join(problems)}. Known here: {allowed}."
