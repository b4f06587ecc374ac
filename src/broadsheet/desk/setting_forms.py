"""The forms of the settings pages: the publication, the home page, invoices."""

from __future__ import annotations

from wagtail.admin.panels import FieldPanel, FieldRowPanel, HelpPanel, InlinePanel, MultiFieldPanel, ObjectList, TabbedInterface

from broadsheet.billing.models import InvoiceSettings
from broadsheet.library.models import HomePage
from broadsheet.publication.models import Publication


def attach() -> None:
    """Give the settings their forms; called once, when the app is ready."""
    Publication.edit_handler = publication_form()
    HomePage.edit_handler = home_page_form()
    InvoiceSettings.edit_handler = invoice_form()


def publication_form() -> TabbedInterface:
    """Name and colours, the offer's numbers, the wall's words, menus."""
    return TabbedInterface(
        [
            ObjectList(
                [
                    FieldPanel("name"),
                    FieldPanel("tagline"),
                    FieldPanel("description", help_text="For search engines and the feed, one or two sentences."),
                    FieldPanel("logo"),
                    FieldRowPanel([FieldPanel("language"), FieldPanel("publisher")]),
                    MultiFieldPanel(
                        [FieldRowPanel([FieldPanel("accent_light"), FieldPanel("accent_dark")])],
                        heading="Accent colour",
                        help_text="Links and the one primary button, in the light and the dark theme. "
                        "A colour that can't be read on the page is refused, with the contrast that was measured.",
                    ),
                    FieldRowPanel([FieldPanel("help_address"), FieldPanel("money_alerts_to")]),
                ],
                heading="Publication",
            ),
            ObjectList(
                [
                    MultiFieldPanel(
                        [
                            FieldPanel("articles_per_month"),
                            FieldPanel("instant_per_month"),
                            FieldPanel("instant_per_network_per_day"),
                            FieldPanel("exempt_networks", help_text="One network per line, such as 192.0.2.0/24."),
                            FieldPanel("newsletter_by_default"),
                        ],
                        heading="Meter",
                    ),
                    MultiFieldPanel(
                        [FieldPanel("teaser_paragraphs"), FieldPanel("teaser_max_words"), FieldPanel("teaser_max_percent")],
                        heading="Teaser",
                        help_text="Where an article ends for strangers when its editor set no marker.",
                    ),
                    MultiFieldPanel(
                        [FieldPanel("friend_links_per_month"), FieldPanel("friend_link_days"), FieldPanel("friend_link_browsers")],
                        heading="Articles that subscribers give to friends",
                        help_text="How many a month, for how many days a link opens its article, and in how many browsers. "
                        "With none a month, nobody is offered a link and no link opens.",
                    ),
                ],
                heading="Offer",
            ),
            ObjectList(
                [
                    HelpPanel(
                        content="<p>{allowance} becomes the number of articles a month, {renews} the day of the next ones.</p>"
                    ),
                    MultiFieldPanel(
                        [FieldPanel(name) for name in ("wall_heading", "wall_text", "wall_button", "wall_small")], heading="Wall"
                    ),
                    MultiFieldPanel([FieldPanel(name) for name in ("meter_text", "meter_button", "spent_text")], heading="Meter"),
                    MultiFieldPanel(
                        [FieldPanel(name) for name in ("subscribers_text", "offer_heading", "offer_lines")], heading="Offer"
                    ),
                    FieldPanel("letter_footer"),
                ],
                heading="Words",
            ),
            ObjectList([InlinePanel("menu_links", label="Link", heading="Links of the masthead and the foot")], heading="Menus"),
        ]
    )


def invoice_form() -> ObjectList:
    """Who writes invoices, what the law wants on them, how they are counted and when they are due."""
    return ObjectList(
        [
            MultiFieldPanel(
                [FieldPanel(name) for name in ("issuer_name", "issuer_address", "tax_number", "bank_details", "closing_words")],
                heading="What stands on them",
                help_text="Without name and address none is written.",
            ),
            MultiFieldPanel([FieldRowPanel([FieldPanel("tax_percent"), FieldPanel("tax_text")])], heading="Tax"),
            MultiFieldPanel([FieldRowPanel([FieldPanel("days_to_pay"), FieldPanel("opens_on")])], heading="Paying"),
            MultiFieldPanel(
                [FieldRowPanel([FieldPanel("prefix"), FieldPanel("credit_prefix"), FieldPanel("first_number")])],
                heading="Numbers",
                help_text="Each prefix has a series of its own, without gaps.",
            ),
        ]
    )


def home_page_form() -> ObjectList:
    """Pins in an order that is changed by dragging, and how much each section holds."""
    return ObjectList(
        [
            HelpPanel(
                content="<p>Pinned articles stand first in their section, in this order. The rest fills itself with the newest "
                "articles; none appears twice. Save to put the page live.</p>"
            ),
            InlinePanel(
                "pins",
                label="Pin",
                heading="Pinned articles",
                panels=[FieldRowPanel([FieldPanel("section"), FieldPanel("until")]), FieldPanel("article")],
            ),
            MultiFieldPanel(
                [
                    FieldRowPanel(
                        [FieldPanel(name) for name in ("lead_count", "latest_count", "in_depth_count", "per_region_count")]
                    )
                ],
                heading="How many in each section",
            ),
        ]
    )
