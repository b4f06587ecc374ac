"""Tells Wagtail of our lists, actions, addresses and menu; found by name when the desk starts."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.snippets.models import register_snippet

from broadsheet.desk import (
    ads,
    alerts,
    bulk_pages,
    declarations,
    figures,
    gifts,
    invoices,
    letters,
    organisations,
    paste,
    photo_pages,
    plans,
    reader_pages,
    support_pages,
)
from broadsheet.desk.ads import SEE_ADS, HouseAdViewSet
from broadsheet.desk.articles import ArticleViewSet
from broadsheet.desk.bulk_actions import ChangeArticles, DeleteArticles, PublishArticles, UnpublishArticles
from broadsheet.desk.held_mail import HeldMailPanel
from broadsheet.desk.roles import SEE_AUDIT, SEE_FIGURES, SEE_READERS
from broadsheet.desk.summary import ArticlesSummaryItem
from broadsheet.desk.viewsets import LibraryGroup, MoneyGroup, PlainPageViewSet
from broadsheet.mail.store import is_mail_held

register_snippet(ArticleViewSet)
register_snippet(LibraryGroup)
register_snippet(PlainPageViewSet)
register_snippet(MoneyGroup)
register_snippet(HouseAdViewSet)

hooks.register("before_delete_snippet", plans.refuse_used_plans)
for _action in (ChangeArticles, PublishArticles, UnpublishArticles):
    hooks.register("register_bulk_action", _action)
# After Wagtail's own, whose place it takes.
hooks.register("register_bulk_action", DeleteArticles, order=1000)
hooks.register("register_log_actions", bulk_pages.register_log_action)

# Wagtail's menu items for its pages, which Broadsheet has none of.
_PAGE_ITEMS = {"explorer", "locked-pages", "aging-pages", "page-types-usage", "editor-guide", "sites", "redirects"}


class _ForWhoMay(MenuItem):
    """A menu item that is shown to whoever holds one permission."""

    def __init__(self, *args: Any, permission: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.permission = permission

    def is_shown(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(self.permission))


@hooks.register("register_admin_urls")
def register_addresses() -> list[URLPattern]:
    return [
        path("paste/", paste.paste, name="desk_paste"),
        path("letters/", letters.letters, name="desk_letters"),
        path("letters/<slug:kind>/", letters.letter, name="desk_letter"),
        path("plans/<int:plan_id>/prices/", plans.prices, name="desk_plan_prices"),
        path("plans/<int:plan_id>/prices/<int:price_id>/announce/", plans.announce, name="desk_announce_price_change"),
        path("plans/<int:plan_id>/prices/withdraw/<int:change_id>/", plans.withdraw, name="desk_withdraw_price_change"),
        path("readers/", reader_pages.readers, name="desk_readers"),
        path("readers/articles/<int:article_id>/", reader_pages.preview, name="desk_article_as_reader"),
        path("readers/unconfirmed/<int:proof_id>/", support_pages.confirm_again, name="desk_confirm_again"),
        path("readers/<int:reader_id>/", reader_pages.reader, name="desk_reader"),
        path("readers/<int:reader_id>/grants/", support_pages.give, name="desk_give_grant"),
        path("readers/<int:reader_id>/grants/<int:grant_id>/end/", support_pages.end, name="desk_end_grant"),
        path("readers/<int:reader_id>/extend/", support_pages.extend, name="desk_extend"),
        path("readers/<int:reader_id>/address/", support_pages.change_address, name="desk_change_address"),
        path("readers/<int:reader_id>/merge/", support_pages.merge, name="desk_merge"),
        path("readers/<int:reader_id>/ask/", support_pages.ask_provider, name="desk_ask_provider"),
        path("readers/<int:reader_id>/sign-out/", support_pages.sign_out, name="desk_sign_out"),
        path("readers/<int:reader_id>/sign-in-letter/", support_pages.send_sign_in_letter, name="desk_sign_in_letter"),
        path("readers/<int:reader_id>/letters/<int:letter_id>/", support_pages.resend, name="desk_resend"),
        path(
            "readers/<int:reader_id>/subscriptions/<int:subscription_id>/pause/",
            support_pages.pause,
            name="desk_pause_subscription",
        ),
        path(
            "readers/<int:reader_id>/subscriptions/<int:subscription_id>/payments/<str:payment_ref>/",
            support_pages.give_back,
            name="desk_refund",
        ),
        path(
            "readers/<int:reader_id>/subscriptions/<int:subscription_id>/<slug:change>/",
            support_pages.change,
            name="desk_change_subscription",
        ),
        path("reports/audit/", reader_pages.audit, name="desk_audit"),
        path("figures/funnel/", figures.funnel, name="desk_funnel"),
        path("figures/funnel.csv", figures.funnel_csv, name="desk_funnel_csv"),
        path("figures/subscribers/", figures.subscribers, name="desk_subscribers"),
        path("figures/subscribers.csv", figures.subscribers_csv, name="desk_subscribers_csv"),
        path("gifts/", gifts.gifts, name="desk_gifts"),
        path("gifts/<int:number>/", gifts.gift, name="desk_gift"),
        path("organisations/", organisations.organisations, name="desk_organisations"),
        path("organisations/<int:number>/", organisations.organisation, name="desk_organisation"),
        path("organisations/<int:number>/name/", organisations.rename, name="desk_organisation_name"),
        path("organisations/<int:number>/domains/", organisations.domain, name="desk_organisation_domain"),
        path("organisations/<int:number>/owner/", organisations.owner, name="desk_organisation_owner"),
        path("declarations/", declarations.declarations, name="desk_declarations"),
        path("declarations/consents.csv", declarations.consents, name="desk_consents"),
        path("declarations/<int:number>/", declarations.declaration, name="desk_declaration"),
        path("declarations/<int:number>/decline/", declarations.decline, name="desk_decline_declaration"),
        path("declarations/<int:number>/<int:subscription>/", declarations.carry_out, name="desk_carry_out"),
        path("alerts/", alerts.alerts, name="desk_alerts"),
        path("alerts/<int:alert_id>/settle/", alerts.settle, name="desk_settle_alert"),
        path("invoices/", invoices.invoices, name="desk_invoices"),
        path("invoices/<int:invoice_id>/", invoices.invoice, name="desk_invoice"),
        path("invoices/<int:invoice_id>/pdf/", invoices.pdf, name="desk_invoice_pdf"),
        path("invoices/<int:invoice_id>/pay/", invoices.pay, name="desk_pay_invoice"),
        path("invoices/<int:invoice_id>/correct/", invoices.correct, name="desk_correct_invoice"),
        path("invoices/<int:invoice_id>/cancel/", invoices.cancel, name="desk_cancel_invoice"),
        path("invoices/<int:invoice_id>/send/", invoices.send, name="desk_send_invoice"),
        path("invoice-requests/<int:request_id>/", invoices.invoice_request, name="desk_invoice_request"),
        path("invoice-requests/<int:request_id>/accept/", invoices.accept, name="desk_accept_request"),
        path("invoice-requests/<int:request_id>/decline/", invoices.decline, name="desk_decline_request"),
        path("bulk-changes/", bulk_pages.changes, name="desk_bulk_changes"),
        path("bulk-changes/new/", bulk_pages.new, name="desk_bulk_new"),
        path("bulk-changes/<int:number>/", bulk_pages.change, name="desk_bulk_change"),
        path("bulk-changes/<int:number>/stop/", bulk_pages.stop, name="desk_bulk_stop"),
        path("bulk-changes/<int:number>/resume/", bulk_pages.resume, name="desk_bulk_resume"),
        path("bulk-changes/<int:number>/undo/", bulk_pages.undo, name="desk_bulk_undo"),
        path("reports/house-ads/", ads.figures, name="desk_ads"),
        path("reports/house-ads/<int:ad_id>/", ads.ad_figures, name="desk_ad"),
        path("reports/photo-licences/", photo_pages.licences, name="desk_photo_licences"),
    ]


class _Entry(NamedTuple):
    """One item of a menu (`admin` or `reports`): how it is named and drawn, who sees it, the address and its values."""

    menu: str
    label: str
    name: str
    icon: str
    order: int
    permission: str
    address: tuple[str, ...]


_ITEMS = (
    _Entry(
        "admin", "Home page", "home-page", "home", 110, "library.change_homepage", ("wagtailsettings:edit", "library", "homepage")
    ),
    _Entry("admin", "Letters", "letters", "mail", 225, letters.CHANGE_LETTERS, ("desk_letters",)),
    _Entry("admin", "Invoices", "invoices", "doc-full", 232, invoices.SEE_INVOICES, ("desk_invoices",)),
    _Entry("admin", "Gifts", "gifts", "tag", 233, gifts.SEE_GIFTS, ("desk_gifts",)),
    _Entry("admin", "Organisations", "organisations", "group", 234, organisations.SEE_ORGANISATIONS, ("desk_organisations",)),
    _Entry("admin", "Withdrawals", "declarations", "warning", 235, declarations.SEE_DECLARATIONS, ("desk_declarations",)),
    _Entry("admin", "Alerts", "alerts", "warning", 236, alerts.SEE_ALERTS, ("desk_alerts",)),
    _Entry("admin", "Readers", "readers", "group", 240, SEE_READERS, ("desk_readers",)),
    _Entry("admin", "Figures", "figures", "history", 245, SEE_FIGURES, ("desk_funnel",)),
    _Entry("reports", "Photo licences", "photo-licences", "date", 100, "library.publish_article", ("desk_photo_licences",)),
    _Entry("reports", "Bulk changes", "bulk-changes", "tasks", 105, "library.publish_article", ("desk_bulk_changes",)),
    _Entry("reports", "Support log", "audit", "clipboard-list", 110, SEE_AUDIT, ("desk_audit",)),
    _Entry("reports", "House ads", "house-ad-figures", "pick", 110, SEE_ADS, ("desk_ads",)),
)


def _make_item(entry: _Entry) -> MenuItem:
    view, *values = entry.address
    return _ForWhoMay(
        entry.label,
        reverse(view, args=values),
        name=entry.name,
        icon_name=entry.icon,
        order=entry.order,
        permission=entry.permission,
    )


for _entry in _ITEMS:
    hooks.register(f"register_{_entry.menu}_menu_item", partial(_make_item, _entry))


@hooks.register("construct_main_menu")
@hooks.register("construct_reports_menu")
@hooks.register("construct_settings_menu")
@hooks.register("construct_help_menu")
def drop_page_items(request: HttpRequest, items: list[MenuItem]) -> None:
    items[:] = [item for item in items if item.name not in _PAGE_ITEMS]


@hooks.register("construct_homepage_summary_items", order=1000)
def show_articles(request: HttpRequest, items: list[Any]) -> None:
    items[:] = [ArticlesSummaryItem(request), *(item for item in items if type(item).__name__ != "PagesSummaryItem")]


@hooks.register("construct_homepage_panels")
def warn_of_held_mail(request: HttpRequest, panels: list[Any]) -> None:
    if is_mail_held():
        panels.append(HeldMailPanel())


@hooks.register("construct_homepage_panels")
def show_alerts(request: HttpRequest, panels: list[Any]) -> None:
    if request.user.has_perm(alerts.SEE_ALERTS) and alerts.count_open():
        panels.append(alerts.AlertsPanel())


@hooks.register("insert_global_admin_css")
def add_css() -> SafeString:
    return format_html('<link rel="stylesheet" href="{}">', static("desk/desk.css"))


@hooks.register("insert_editor_js")
def add_editor_js() -> SafeString:
    return format_html_join(
        "\n", '<script src="{}"></script>', ((static(f"desk/{name}.js"),) for name in ("nothing-lost", "paste"))
    )
