"""The content of a WordPress post as plain HTML: shortcodes, block comments and unmarked paragraphs resolved."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of the media library: where it lay, and its words."""

    address: str
    caption: str = ""
    alt: str = ""
    credit: str = ""


_ATTRIBUTE = re.compile(r"""([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s\]"']+))""")
_PLAYER = re.compile(r"\[(audio|video|embed|youtube|vimeo|soundcloud)(\s[^\]]*|=[^\]]*)?\](?:([^\[]*)\[/\1\])?", re.IGNORECASE)
_CAPTION = re.compile(r"\[(caption|wp_caption)(\s[^\]]*)?\](.*?)\[/\1\]", re.IGNORECASE | re.DOTALL)
_GALLERY = re.compile(r"\[gallery(\s[^\]]*)?\]", re.IGNORECASE)
_NOTE = re.compile(r"\[(mfn|efn_note|footnote|ref|fn|note)(?:\s[^\]]*)?\](.+?)\[/\1\]", re.IGNORECASE | re.DOTALL)
_PAIR = re.compile(r"\[([a-z][\w-]*)(?:\s[^\]]*)?\]|\[/([a-z][\w-]*)\]", re.IGNORECASE)
_SINGLE = re.compile(r"""\[([a-z][\w-]*)(?:\s+[\w-]+=(?:"[^"]*"|'[^']*'|[^\s\]]+))+\s*/?\]|\[([a-z][\w-]*)\s*/\]""", re.IGNORECASE)
# Shortcodes that stand alone without attributes and are no words of a text.
_BARE = re.compile(r"\[(playlist|contact-form|contact-form-7|mc4wp_form|newsletter_form|newsletter|subscribe2|jetpack_subscription_form|"
                   r"jetpack-related-posts|related_posts|toc|sitemap|wp_sitemap|archives|gravityform|login_form|paywall)\]", re.IGNORECASE)  # fmt: skip
_ESCAPED = re.compile(r"\[(\[[^\[\]]*\])\]")
_REUSABLE = re.compile(r'<!--\s*wp:block\s*\{[^}]*"ref"\s*:\s*(\d+)[^}]*\}\s*/?-->')
_HAS_BLOCKS = re.compile(r"<!--\s*wp:[a-z]")
_BLOCK_TAGS = (
    "address|article|aside|blockquote|center|dd|details|div|dl|dt|fieldset|figcaption|figure|footer|form|h[1-6]|header|hr|iframe|legend"
    "|li|main|map|math|menu|nav|object|ol|option|p|pre|script|section|select|style|summary|table|tbody|td|tfoot|th|thead|tr|ul|video"
)
_BLOCK_START = re.compile(rf"(<(?:{_BLOCK_TAGS})[\s/>])", re.IGNORECASE)
_BLOCK_END = re.compile(rf"(</(?:{_BLOCK_TAGS})>)", re.IGNORECASE)
_ALONE = re.compile(rf"^\s*(?:</?(?:{_BLOCK_TAGS})[\s/>]|<!--)", re.IGNORECASE)
_KEPT_WHOLE = re.compile(r"<(pre|script|style|textarea)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_BARE_ADDRESS = re.compile(r"^\s*(https?://[^\s<>\"]+)\s*$", re.MULTILINE)


def html_from_wordpress(content: str, attachments: Mapping[str, Attachment], reusable: Mapping[str, str]) -> tuple[str, list[str]]:
    """`content` as HTML, and warnings of what could not be kept."""
    warnings: list[str] = []
    if "wp:block" in content:
        content = _REUSABLE.sub(lambda match: reusable.get(match.group(1), ""), content)
    content = content.replace("\r\n", "\n").replace("<!--nextpage-->", "\n\n")
    has_blocks = _HAS_BLOCKS.search(content) is not None
    if "[" in content:
        content = _expand(content, attachments, warnings)
    return (content if has_blocks else add_paragraphs(content)), warnings


def add_paragraphs(content: str) -> str:
    """Mark the paragraphs of a classic post: an empty line parts them, a line's end within one is a break."""
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(match.group())
        return f"\n\n<pre data-kept={len(kept) - 1}></pre>\n\n"

    content = _BARE_ADDRESS.sub(r'\n\n<iframe src="\1"></iframe>\n\n', _KEPT_WHOLE.sub(keep, content))
    content = _BLOCK_END.sub(r"\1\n\n", _BLOCK_START.sub(r"\n\n\1", content))
    parts = [_paragraph(part.strip()) for part in re.split(r"\n\s*\n", content) if part.strip()]
    return re.sub(r"<pre data-kept=(\d+)></pre>", lambda match: kept[int(match.group(1))], "\n".join(parts))


def _paragraph(part: str) -> str:
    if _ALONE.match(part):
        return part
    return "<p>" + re.sub(r"(?<!<br>)(?<!<br/>)(?<!<br />)\n", "<br>\n", part) + "</p>"


def _expand(content: str, attachments: Mapping[str, Attachment], warnings: list[str]) -> str:
    escaped: list[str] = []

    def hold(match: re.Match[str]) -> str:
        escaped.append(match.group(1))
        return f"\ue000{len(escaped) - 1}\ue001"

    content = _ESCAPED.sub(hold, content)
    content = _CAPTION.sub(lambda match: _caption(match.group(3), match.group(2) or ""), content)
    content = _GALLERY.sub(lambda match: _gallery(match.group(1) or "", attachments, warnings), content)
    content = _PLAYER.sub(_player, content)
    content = _notes(content)
    content = _drop_unknown(content, warnings)
    return re.sub("\ue000(\\d+)\ue001", lambda match: escaped[int(match.group(1))], content)


def _attributes(text: str) -> dict[str, str]:
    return {name.lower(): first or second or third for name, first, second, third in _ATTRIBUTE.findall(text)}


def _caption(inner: str, attributes: str) -> str:
    """`[caption]<img> words[/caption]`, or the older form with the words in an attribute."""
    image = re.search(r"(?:<a\b[^>]*>\s*)?<img\b[^>]*>(?:\s*</a>)?", inner, re.IGNORECASE)
    if image is None:
        return inner
    words = inner[image.end() :].strip() or escape(_attributes(attributes).get("caption", ""))
    return f"\n\n<figure>{image.group()}<figcaption>{words}</figcaption></figure>\n\n"


def _gallery(text: str, attachments: Mapping[str, Attachment], warnings: list[str]) -> str:
    attributes = _attributes(text)
    ids = re.findall(r"\d+", attributes.get("ids") or attributes.get("include") or "")
    found = [attachments[key] for key in ids if key in attachments]
    if len(found) < len(ids) or not ids:
        warnings.append("a gallery names pictures that are not in the export")
    return "\n\n" + "".join(_figure(one) for one in found) + "\n\n"


def _figure(one: Attachment) -> str:
    credit = f'<span class="credit">{escape(one.credit)}</span>' if one.credit else ""
    image = f'<img src="{escape(one.address)}" alt="{escape(one.alt)}">'
    return f"<figure>{image}<figcaption>{escape(one.caption)} {credit}</figcaption></figure>"


def _player(match: re.Match[str]) -> str:
    attributes = _attributes(match.group(2) or "")
    named = (attributes.get(name) for name in ("src", "url", "mp4", "webm", "mp3", "m4a", "ogg", "id"))
    address = next((value for value in named if value), "") or (match.group(3) or "").strip() or (match.group(2) or "").strip(" =")
    if not address.startswith(("http://", "https://")):
        return ""
    return f'\n\n<iframe src="{escape(address)}"></iframe>\n\n'


def _notes(content: str) -> str:
    """Notes written in the text by a plugin's shortcode, as marks and a list."""
    notes: list[str] = []

    def mark(match: re.Match[str]) -> str:
        notes.append(match.group(2).strip())
        number = len(notes)
        return f'<sup><a href="#fn-code-{number}" id="fn-code-{number}-ref">{number}</a></sup>'

    content = _NOTE.sub(mark, content)
    lines = [f'<li id="fn-code-{number}">{text} <a href="#fn-code-{number}-ref">↩</a></li>' for number, text in enumerate(notes, 1)]
    return f"{content}\n\n<ol>{''.join(lines)}</ol>" if lines else content


def _drop_unknown(content: str, warnings: list[str]) -> str:
    """Take out the other shortcodes: of a pair the text between stays; words in brackets (`[sic]`) are no shortcodes."""
    closed = {match.group(2).lower() for match in _PAIR.finditer(content) if match.group(2)}
    gone: set[str] = set()

    def drop_pair(match: re.Match[str]) -> str:
        name = (match.group(1) or match.group(2)).lower()
        if name not in closed:
            return match.group()
        gone.add(name)
        return ""

    def drop(match: re.Match[str]) -> str:
        gone.add(next(group for group in match.groups() if group).lower())
        return ""

    content = _PAIR.sub(drop_pair, content)
    content = _BARE.sub(drop, _SINGLE.sub(drop, content))
    warnings.extend(f"the shortcode [{name}] is not known and was left out" for name in sorted(gone))
    return content
