"""Editors' pages, built on Wagtail at /desk/."""
