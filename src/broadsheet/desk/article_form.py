"""The form of an article: what is written, its words for elsewhere, its place in the publication, who may read it."""

from __future__ import annotations

from django import forms
from wagtail.admin.panels import (
    FieldPanel,
    FieldRowPanel,
    HelpPanel,
    InlinePanel,
    MultiFieldPanel,
    ObjectList,
    PublishingPanel,
    TabbedInterface,
)


def article_form() -> TabbedInterface:
    """Four tabs, in the order in which an article is made."""
    return TabbedInterface([_writing(), _elsewhere(), _publication(), _rights()])


def _writing() -> ObjectList:
    return ObjectList(
        [
            FieldPanel("headline", classname="title"),
            FieldPanel("dek", widget=forms.Textarea(attrs={"rows": 2})),
            InlinePanel("bylines", label="Author", heading="By", panels=[FieldPanel("author")]),
            MultiFieldPanel(
                [FieldPanel("lead_photo"), FieldPanel("lead_caption", widget=forms.Textarea(attrs={"rows": 2}))],
                heading="Lead picture",
            ),
            FieldPanel("body"),
        ],
        heading="Write",
    )


def _elsewhere() -> ObjectList:
    return ObjectList(
        [
            HelpPanel(content="<p>Leave a field empty to use the headline itself.</p>"),
            FieldPanel("headline_home"),
            FieldPanel("headline_search"),
            FieldPanel("headline_social"),
            FieldPanel("slug", help_text="The last part of the address. A changed one redirects from the old."),
        ],
        heading="Words for elsewhere",
    )


def _publication() -> ObjectList:
    return ObjectList(
        [
            FieldRowPanel([FieldPanel("kind"), FieldPanel("main_topic")]),
            FieldPanel("topics", widget=forms.CheckboxSelectMultiple),
            FieldPanel("regions", widget=forms.CheckboxSelectMultiple),
            MultiFieldPanel(
                [FieldRowPanel([FieldPanel("published_at"), FieldPanel("revised_at")])], heading="Dates that readers see"
            ),
            InlinePanel(
                "corrections",
                label="Correction",
                heading="Corrections",
                panels=[FieldPanel("date"), FieldPanel("text", widget=forms.Textarea(attrs={"rows": 2}))],
            ),
            PublishingPanel(),
        ],
        heading="Publication",
    )


def _rights() -> ObjectList:
    return ObjectList(
        [
            FieldPanel(
                "access",
                widget=forms.RadioSelect,
                help_text="Metered articles count among the reader's free ones; subscribers read all.",
            ),
            FieldPanel("embargo_until"),
        ],
        heading="Rights",
    )
