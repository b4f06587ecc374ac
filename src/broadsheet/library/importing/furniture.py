"""Tells the furniture of a web page (walls, pitches, forms, share bars, related links) from its article.

Two signs are used: what an element is called (its tag, class, id and role), and what it says. A name alone
never costs an element its text when that text is the greater part of the article, as some sites call the
article's own container `paywall`; words alone count only in short pieces.
"""

from __future__ import annotations

import re

from lxml.html import HtmlElement

TAGS = frozenset(
    {"nav", "form", "button", "dialog", "input", "select", "textarea", "menu", "script", "style", "template", "noscript"}
)
ROLES = frozenset({"navigation", "banner", "contentinfo", "search", "dialog", "alertdialog", "complementary", "toolbar", "menu"})
_NAMES = re.compile(
    r"(?:^|[\s_-])(?:"
    r"share|sharing|sharedaddy|social|follow|newsletters?|subscri\w*|sign-?up|opt-?in|mailing-list|mc4wp|mailchimp|pay-?wall|reg-?wall|wall"
    r"|piano|meter\w*|metering|gate|gated|cookies?|consent|gdpr|ccpa|onetrust|cmp|privacy-notice|notice|related\w*|jp-relatedposts|recommend\w*"
    r"|read-?(?:more|next|also)|more-(?:from|on|stories|articles|news)|also-(?:read|like)|up-?next|trending|most-(?:read|popular|viewed)|popular|teasers?"
    r"|promos?|promotions?|advert\w*|ads?|adsense|dfp|sponsor\w*|outbrain|taboola|zergnet|comments?|disqus|respond|breadcrumbs?|toolbar|tools"
    r"|print|tag-?(?:list|cloud)|tags|author-(?:bio|box|info|card)|about-(?:the-)?author|bio-?box|donat\w*|support-us|memberships?|cta|call-to-action"
    r"|banners?|pop-?ups?|modals?|overlays?|lightbox|log-?in|skip-link|pagination|pager|nav|navbar|navigation|menus?|masthead|side-?bar|widgets?"
    r"|site-(?:header|footer)|page-footer|footer|colophon|copyright|app-promo|download-app|audio-player|listen|save-article|bookmark|jump-to|back-to-top"
    r"|inline-(?:link|promo|recirc)|recirc\w*|rail|off-?screen|sr-only|visually-hidden|screen-reader-text|hidden|noprint|no-print"
    r")(?:$|[\s_-])",
    re.IGNORECASE,
)
_BODY_NAMES = re.compile(
    r"foot-?notes?|end-?notes?|references|(?:article|post|entry|story|content|page)[-_]?(?:body|content|text)", re.IGNORECASE
)

_VERB = r"(?:subscribe|sign ?up|sign ?in|register|log ?in|join|start|get|receive|enter|become|create|upgrade|unlock|try|support|donate|give|follow)"
_PITCH = re.compile(
    r"\balready (?:a|an|have)\b.{0,40}\b(?:subscri|member|account|register|log ?in|sign ?in)"
    r"|\b(?:to|and) (?:continue|keep|go on) reading\b|\bcontinue reading\b|\bkeep reading for free\b|\bread the (?:full|whole|rest of (?:the|this)) (?:article|story)\b"
    r"|\b(?:you have|you['’]ve|you) (?:read|reached|used|hit|exhausted)\b.{0,60}\b(?:articles?|limit|stor(?:y|ies))\b"
    r"|\b(?:\d+|one|two|three|four|five|no|last|free) (?:more |free )*(?:articles?|stor(?:y|ies)) (?:left|remaining)\b|\bfree articles?\b.{0,20}\bmonth\b"
    r"|\bthis (?:article|story|content|page|post|piece) is (?:only |exclusively )?(?:for|available|exclusive|reserved|free for|limited)\b"
    r"|\bsubscribers? only\b|\bonly for (?:subscribers|members)\b|\b(?:subscriber|member)[- ]exclusive\b|\bexclusive to (?:subscribers|members)\b"
    r"|\bunlimited (?:digital )?access\b|\bfull access\b.{0,40}\b(?:subscri|month|trial)|\bcancel (?:at )?any ?time\b|\bfree trial\b|\bsubscri\w+ (?:now|today|here|for)\b"
    r"|\benter your e-?mail\b|\byour (?:e-?mail address|inbox)\b|\bto your inbox\b|\bby (?:signing|clicking|subscribing|submitting|registering|continuing)\b"
    r"|\b(?:we|site|website|page) uses? (?:essential |necessary )?cookies\b|\bcookie (?:policy|settings|preferences|notice|consent)\b|\b(?:accept|reject|manage) (?:all )?cookies\b"
    r"|\b(?:download|get) (?:our|the) (?:free )?app\b|\bfollow (?:us|me) on\b|\bsupport (?:our|independent|quality) journalism\b|\bmake a (?:donation|gift|contribution)\b"
    r"|\ball rights reserved\b|\bour (?:free )?(?:daily |weekly )?newsletters?\b|\bread (?:all of|three|\w+) .{0,30}\bfree\b.{0,30}\bmonth\b"
    r"|\bjetzt (?:abonnieren|anmelden|weiterlesen|testen)\b|\bweiterlesen mit\b|\bs['’]abonner\b|\bréservé aux abonnés\b|\bsuscr[ií]b\w+\b.{0,40}\b(?:ahora|seguir leyendo)\b",
    re.IGNORECASE | re.DOTALL,
)
_CALL = re.compile(
    rf"^{_VERB}\b.{{0,180}}\b(?:newsletters?|inbox|account|access|free|today|now|trial|articles?|offer|months?|members?|subscri\w*|e-?mails?|updates?|alerts?|log ?in)\b",
    re.IGNORECASE | re.DOTALL,
)
_BARE = re.compile(
    r"^(?:share(?: (?:this|on|via|to)\b.{0,40})?|tweet|post|print(?: this.{0,20})?|e-?mail(?: this.{0,20})?|copy(?: link)?|save|bookmark|facebook|twitter|x|linkedin|whatsapp"
    r"|telegram|reddit|bluesky|mastodon|threads|pinterest|instagram|listen(?: to.{0,30})?|gift(?: this.{0,20})?|\d* ?comments?|leave a (?:comment|reply)|view comments.{0,20}"
    r"|advertisements?|ad|sponsored(?: content)?|promoted|(?:story|article) continues (?:below|after).{0,40}|skip (?:to|past).{0,40}|back to top|menu|search|close|home|loading\W*"
    r"|show (?:more|all|less)|load more|view (?:more|all)|see (?:more|all)|next(?: (?:article|post|story).{0,80})?|previous(?: (?:article|post|story).{0,80})?"
    r"|\w+[- ]min(?:ute)?s? read|reading time.{0,30}|subscribe|sign ?up|sign ?in|log ?in|register|donate|support us|join(?: us)?|learn more|read more|more|tags?|topics?|filed under.{0,80})\W*$",
    re.IGNORECASE,
)
_LEAD_IN = re.compile(
    r"^(?:read (?:more|also|next)|see also|also read|also|related|more|recommended|dig deeper|go deeper|from the archives?|explore more|don['’]?t miss)\b.{0,30}[:|–—»>-]",
    re.IGNORECASE,
)
_RELATED_HEADING = re.compile(
    r"^(?:related(?: (?:articles?|stories|content|posts?|topics?|reading|coverage|news|analysis))?|read (?:more|next|also).{0,40}|more (?:from|on|in|by|stories|news|articles).{0,60}"
    r"|you (?:may|might) also.{0,30}|also (?:on|in|read).{0,40}|recommended.{0,40}|most (?:read|popular|viewed|shared|recent).{0,30}|trending.{0,30}|popular.{0,30}|up next|what to read next"
    r"|(?:the )?latest(?: (?:news|stories|articles|analysis|from).{0,40})?|editors?['’]?s? (?:picks?|choice)|in this (?:section|issue|series)|don['’]?t miss.{0,30}|share this.{0,30}|keep reading.{0,30}"
    r"|sign ?up.{0,80}|subscribe.{0,80}|join .{0,60}newsletter.{0,30}|newsletters?|comments?|leave a (?:comment|reply)|discussion|about the authors?|follow us|advertisement|tags|topics|filed under)\W*$",
    re.IGNORECASE,
)
_LONGEST_PITCH = 420
_LONGEST_CALL = 260


def is_furniture_element(element: HtmlElement) -> bool:
    """Whether an element is called by a name, tag or role that pages give to furniture."""
    if element.tag in TAGS or (element.get("role") or "").lower() in ROLES or element.get("aria-hidden") == "true":
        return True
    if element.tag in ("html", "body", "article", "main"):
        return False
    names = f"{element.get('class') or ''} {element.get('id') or ''}"
    if _BODY_NAMES.search(names):
        return False
    if element.tag in ("footer", "aside", "header"):
        return True
    return bool(names.strip()) and _NAMES.search(names) is not None


def is_furniture_text(text: str) -> bool:
    """Whether a short piece of text says what only furniture says: a pitch, a call to sign up, a share bar, a notice."""
    if len(text) <= _LONGEST_PITCH and _PITCH.search(text):
        return True
    if len(text) <= _LONGEST_CALL and (_CALL.match(text) or _LEAD_IN.match(text)):
        return True
    return _BARE.match(text) is not None


def is_related_heading(text: str) -> bool:
    """Whether a heading stands above things that belong to the page and not to the article."""
    return len(text) <= 120 and _RELATED_HEADING.match(text) is not None
