"""The tables of billing, one file for each matter."""

from broadsheet.billing.models.campaigns import Campaign
from broadsheet.billing.models.declarations import Declaration
from broadsheet.billing.models.events import ReceivedEvent
from broadsheet.billing.models.gifts import Gift
from broadsheet.billing.models.groups import Organisation, OrganisationDomain, Seat
from broadsheet.billing.models.invoices import (
    Invoice,
    InvoiceAgreement,
    InvoicePayment,
    InvoiceRequest,
    InvoiceSeries,
    InvoiceSettings,
)
from broadsheet.billing.models.laws import LawSettings, SaveOffer
from broadsheet.billing.models.offline import OfflineEvent, OfflinePayment, OfflineSubscription
from broadsheet.billing.models.plans import FOR_OTHERS, Plan, Price, PriceChange, StudentDeclaration
from broadsheet.billing.models.stripe import StripeCheckout
from broadsheet.billing.models.subscriptions import Alert, LedgerLine, Order, Subscription

__all__ = [
    "FOR_OTHERS",
    "Alert",
    "Campaign",
    "Declaration",
    "Gift",
    "Invoice",
    "InvoiceAgreement",
    "InvoicePayment",
    "InvoiceRequest",
    "InvoiceSeries",
    "InvoiceSettings",
    "LawSettings",
    "LedgerLine",
    "OfflineEvent",
    "OfflinePayment",
    "OfflineSubscription",
    "Order",
    "Organisation",
    "OrganisationDomain",
    "Plan",
    "Price",
    "PriceChange",
    "ReceivedEvent",
    "SaveOffer",
    "Seat",
    "StripeCheckout",
    "StudentDeclaration",
    "Subscription",
]
