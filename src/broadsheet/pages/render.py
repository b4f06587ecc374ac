"""Records to text: the only place that calls the templates of shared pages."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from django.template.loader import render_to_string

from broadsheet.pages.ads import Ad
from broadsheet.pages.citation_store import cited_of
from broadsheet.pages.citations import citation_text
from broadsheet.pages.feeds import json_feed
from broadsheet.pages.lists import HTML, JSON_FEED, ListContent
from broadsheet.pages.records import ArticlePage
from broadsheet.pages.site import Site, load_site
from broadsheet.pages.structured import article_json_ld, card_path
from broadsheet.pages.variants import Audience, Variant

# Characters that no XML document may hold (XML 1.0, 2.2); one in a headline would break a whole feed.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def render_article(
    page: ArticlePage,
    variant: Variant,
    *,
    now: datetime,
    site: Site | None = None,
    ad: Ad | None = None,
    answer: dict[str, Any] | None = None,
) -> str:
    """An article's page in one form.

    Args:
        site: the publication's record, where the caller has it already.
        ad: the house ad at the article's end, if it shows one.
        answer: what a form on the page has to say to one reader (the address typed, what was wrong with it);
            only for answers to a POST, never for a page that is kept. Keys: `address` (as normalised), `sent` (a letter
            is on its way: the quiet line shows), `problem` (what was wrong), `email_typed` (kept in the field), `newsletter`,
            `friend` (why a friend's link opened nothing).
    """
    site = site or load_site(now=now)
    context = {
        "page": page,
        "variant": variant,
        "site": site,
        "ad": ad,
        "answer": answer,
        "audience": variant.audience.masthead,
        "json_ld": article_json_ld(page, site),
        "card_path": card_path(page),
        "filed": (*page.topics, *page.regions, *page.countries),
        "citation": citation_text(cited_of(page, site)),
        "citation_forms": (("bib", "BibTeX"), ("ris", "RIS"), ("json", "CSL-JSON")),
    }
    return render_to_string("pages/article.html", context)


def render_list(content: ListContent, audience: Audience, *, now: datetime, site: Site | None = None, ad: Ad | None = None) -> str:
    """A list page, feed or sitemap for one audience, with a house ad if it shows one."""
    site = site or load_site(now=now)
    if content.content_type == JSON_FEED:
        parts = content.parts
        return json.dumps(json_feed(content.title, parts["path"], parts["page_path"], parts["entries"], site), ensure_ascii=False)
    context = {"content": content, "audience": audience.masthead, "site": site, "ad": ad, "now": now}
    text = render_to_string(content.template, context)
    return text if content.content_type == HTML else _NOT_IN_XML.sub("", text)


def render_page(template: str, context: dict[str, Any], audience: Audience, *, now: datetime) -> str:
    """Any other page in the house's frame: forms, the account, plain pages."""
    return render_to_string(template, {**context, "audience": audience.masthead, "site": load_site(now=now)})
