"""The tables of billing, one file for each matter."""

from broadsheet.billing.models.campaigns import Campaign
from broadsheet.billing.models.events import ReceivedEvent
from broadsheet.billing.models.invoices import InvoiceRequest
from broadsheet.billing.models.offline import OfflineEvent, OfflinePayment, OfflineSubscription
from broadsheet.billing.models.plans import Plan, Price, PriceChange, StudentDeclaration
from broadsheet.billing.models.subscriptions import Alert, LedgerLine, Order, Subscription

__all__ = [
    "Alert",
    "Campaign",
    "InvoiceRequest",
    "LedgerLine",
    "OfflineEvent",
    "OfflinePayment",
    "OfflineSubscription",
    "Order",
    "Plan",
    "Price",
    "PriceChange",
    "ReceivedEvent",
    "StudentDeclaration",
    "Subscription",
]
