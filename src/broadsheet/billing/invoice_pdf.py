"""An invoice as a PDF of one page or more, in the font of the reader's pages; the same paper gives the same bytes."""

from __future__ import annotations

import atexit
import logging
from datetime import UTC, datetime, time
from functools import cache
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import broadsheet
from broadsheet.billing.invoices import Paper
from broadsheet.core.money import amount_text

if TYPE_CHECKING:
    from fpdf import FPDF

# The one font on the server's disk that holds Latin, Greek and Cyrillic; the static ones are cut up for browsers.
FONT = Path(broadsheet.__file__).parent / "pages/fonts/ui.ttf"
MARGIN_MM = 22.0
WIDTH_MM = 210.0 - 2 * MARGIN_MM
FACTS_MM = 62.0
SUM_MM = 32.0
GREY = (96, 96, 96)

# Both tell of every letter that the font lacks, and so of people's names.
for _name in ("fpdf", "fontTools"):
    logging.getLogger(_name).setLevel(logging.ERROR)


def draw(paper: Paper, *, publication: str) -> bytes:
    """The PDF of one invoice or credit note, A4."""
    from fpdf import FPDF  # here, because it takes 45 MB that most processes never need

    pdf = FPDF(format="A4")
    pdf.set_creation_date(datetime.combine(paper.issued_on, time(), UTC))
    pdf.set_title(f"{paper.title} {paper.number}")
    pdf.set_author(publication)
    pdf.set_lang("en-GB")
    pdf.set_margins(MARGIN_MM, MARGIN_MM, MARGIN_MM)
    pdf.set_auto_page_break(True, margin=MARGIN_MM)
    pdf.add_font("ui", "", _font(400))
    pdf.add_font("ui", "B", _font(650))
    pdf.add_page()
    _head(pdf, paper, publication)
    _addresses(pdf, paper)
    _table(pdf, paper)
    _words(pdf, paper)
    return bytes(pdf.output())


@cache
def _font(weight: int) -> Path:
    """The font in one weight, cut once for each process: that takes a tenth of a second, drawing a hundredth."""
    from fontTools.ttLib import TTFont
    from fontTools.varLib.instancer import instantiateVariableFont

    folder = Path(mkdtemp(prefix="broadsheet-font-"))
    atexit.register(rmtree, folder, ignore_errors=True)
    with TTFont(FONT, recalcTimestamp=False) as font:
        instantiateVariableFont(font, {"wght": weight}).save(folder / "ui.ttf")
    return folder / "ui.ttf"


def _head(pdf: FPDF, paper: Paper, publication: str) -> None:
    pdf.set_font("ui", "B", 13)
    pdf.cell(text=publication, new_x="LMARGIN", new_y="NEXT", h=7)
    pdf.set_font("ui", "", 8.5)
    pdf.set_text_color(*GREY)
    pdf.multi_cell(WIDTH_MM, 4.2, " · ".join(paper.issuer), new_x="LMARGIN", new_y="NEXT", align="L")
    pdf.set_text_color(0)
    pdf.ln(12)


def _addresses(pdf: FPDF, paper: Paper) -> None:
    top = pdf.get_y()
    pdf.set_font("ui", "", 10.5)
    pdf.multi_cell(WIDTH_MM - FACTS_MM - 6, 5.4, "\n".join(paper.recipient), new_x="LMARGIN", new_y="NEXT", align="L")
    low = pdf.get_y()
    pdf.set_y(top)
    for name, value in paper.facts:
        pdf.set_x(210 - MARGIN_MM - FACTS_MM)
        pdf.set_text_color(*GREY)
        pdf.cell(26, 5.4, name)
        pdf.set_text_color(0)
        pdf.multi_cell(FACTS_MM - 26, 5.4, value, new_x="LMARGIN", new_y="NEXT", align="R")
    pdf.set_y(max(low, pdf.get_y()) + 16)
    pdf.set_font("ui", "B", 17)
    pdf.cell(text=f"{paper.title} {paper.number}", new_x="LMARGIN", new_y="NEXT", h=10)
    pdf.ln(5)


def _table(pdf: FPDF, paper: Paper) -> None:
    text_mm = WIDTH_MM - SUM_MM
    pdf.set_font("ui", "", 9)
    pdf.set_text_color(*GREY)
    pdf.cell(text_mm, 6, "What for")
    pdf.cell(SUM_MM, 6, f"Amount, {paper.currency}", align="R", new_x="LMARGIN", new_y="NEXT")
    pdf.set_text_color(0)
    _rule(pdf)
    pdf.set_font("ui", "", 10.5)
    top = pdf.get_y() + 2
    pdf.set_y(top)
    times = f"{paper.quantity} × " if paper.quantity != 1 else ""
    lines = "\n".join(line for line in (f"{times}{paper.what}", paper.period) if line)
    pdf.multi_cell(text_mm, 5.6, lines, new_x="LMARGIN", new_y="NEXT", align="L")
    low = pdf.get_y()
    pdf.set_xy(MARGIN_MM + text_mm, top)
    pdf.cell(SUM_MM, 5.6, amount_text(paper.cents, paper.currency), align="R")
    pdf.set_y(low + 2)
    _rule(pdf)
    pdf.ln(2)
    for name, amount in paper.rows:
        pdf.set_font("ui", "B" if name == "Total" else "", 10.5)
        pdf.cell(text_mm, 6, name, align="R")
        pdf.cell(SUM_MM, 6, amount, align="R", new_x="LMARGIN", new_y="NEXT")


def _words(pdf: FPDF, paper: Paper) -> None:
    pdf.ln(12)
    pdf.set_font("ui", "", 10)
    for paragraph in paper.words:
        pdf.multi_cell(WIDTH_MM, 5.2, paragraph, new_x="LMARGIN", new_y="NEXT", align="L")
        pdf.ln(3.5)


def _rule(pdf: FPDF) -> None:
    pdf.set_draw_color(190)
    pdf.line(MARGIN_MM, pdf.get_y(), 210 - MARGIN_MM, pdf.get_y())
