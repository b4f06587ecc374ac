"""Addresses that exist in the demo only."""

from __future__ import annotations

from django.urls import path

from broadsheet.demo import payments, views

urlpatterns = [
    path("demo/", views.demo),
    path("demo/clock/", views.advance_clock),
    path("demo/pay/<str:ref>/", payments.pay),
    path("demo/card/<str:ref>/", payments.card),
    path("demo/mail/", views.mailbox),
    path("demo/mail/<str:name>/", views.letter),
]
