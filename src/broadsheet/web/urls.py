"""Addresses of readers' pages."""

from __future__ import annotations

from django.urls import path

from broadsheet.web import articles

urlpatterns = [
    path("articles/<int:article_id>/<slug:slug>/", articles.article),
]
