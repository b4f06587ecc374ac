"""The picture beside a link: right in size, light in weight, whatever the headline."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from broadsheet.pages.card_image import CardWords, draw_card


@pytest.mark.parametrize("headline", ["Short", "Erdoğan, Łukasz and Київ " * 9, "Unbrokenunbroken" * 12, ""])
def test_any_headline_makes_a_card_of_the_right_size_and_weight(headline: str) -> None:
    data = draw_card(CardWords(headline, "Sea lanes", "Meridian", "#0d5c63"))
    image = Image.open(BytesIO(data))
    assert image.size == (1200, 630)
    assert image.format == "PNG"
    assert len(data) < 60_000


def test_two_headlines_make_two_cards() -> None:
    assert draw_card(CardWords("One", "", "Meridian", "#0d5c63")) != draw_card(CardWords("Two", "", "Meridian", "#0d5c63"))
