"""The blocks an article's body is made of, as editors see them in the desk."""

from __future__ import annotations

from wagtail import blocks
from wagtail.contrib.table_block.blocks import TableBlock
from wagtail.images.blocks import ImageChooserBlock

TEXT_FEATURES = ["h2", "h3", "bold", "italic", "link", "ol", "ul", "blockquote", "superscript", "subscript"]
NOTE_FEATURES = ["italic", "bold", "link"]


class FigureBlock(blocks.StructBlock):
    """A photo, map or chart with its words; empty words fall back to the photo's own."""

    photo = ImageChooserBlock()
    caption = blocks.TextBlock(required=False, rows=2)
    credit = blocks.CharBlock(required=False, max_length=200)
    alt = blocks.CharBlock(required=False, max_length=300, help_text="What somebody who cannot see the picture needs to know.")

    class Meta:
        icon = "image"


class PullQuoteBlock(blocks.StructBlock):
    """A sentence set apart, with the name of who said it."""

    text = blocks.TextBlock(rows=3)
    attribution = blocks.CharBlock(required=False, max_length=160)

    class Meta:
        icon = "openquote"


class EmbedBlock(blocks.StructBlock):
    """Something on another site; nothing is loaded from there until the reader asks for it."""

    url = blocks.URLBlock()
    title = blocks.CharBlock(max_length=200)

    class Meta:
        icon = "media"


class FootnoteBlock(blocks.StructBlock):
    """The text of one note; `[^key]` in the body refers to it."""

    key = blocks.CharBlock(max_length=20)
    text = blocks.RichTextBlock(features=NOTE_FEATURES)

    class Meta:
        icon = "list-ol"


class BodyBlock(blocks.StreamBlock):
    """An article's body, in reading order."""

    text = blocks.RichTextBlock(features=TEXT_FEATURES)
    figure = FigureBlock()
    quote = PullQuoteBlock()
    table = TableBlock()
    embed = EmbedBlock()
    footnote = FootnoteBlock()
    teaser_end = blocks.StaticBlock(
        icon="cut", label="End of the teaser", admin_text="Strangers read up to here: at most 350 words and 40% of the body."
    )

    class Meta:
        block_counts = {"teaser_end": {"max_num": 1}}
