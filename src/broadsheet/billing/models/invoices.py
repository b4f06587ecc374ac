"""Subscribing by invoice: requests, agreements, invoices in a series without gaps, and what was paid for them."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from wagtail.contrib.settings.models import BaseGenericSetting, register_setting

from broadsheet.accounts.models import User
from broadsheet.billing.models.plans import Plan, Price
from broadsheet.billing.models.subscriptions import Order

_PREFIX = RegexValidator(
    r"^[A-Za-z0-9./-]{0,12}(\{year\})?[A-Za-z0-9./-]{0,12}$", "Letters, digits, dot, stroke, hyphen, and {year} once at most."
)


class OpensOn(models.TextChoices):
    """When a subscription by invoice begins."""

    PAID = "paid", "When the invoice is paid"
    ORDER = "order", "When the invoice is written"


@register_setting(icon="doc-full", order=120)
class InvoiceSettings(BaseGenericSetting):
    """What stands on invoices, and how they are counted: one row."""

    issuer_name = models.CharField("Name on invoices", max_length=120, blank=True)
    issuer_address = models.TextField("Address on invoices", max_length=400, blank=True)
    tax_number = models.CharField(max_length=60, blank=True, help_text="VAT or tax number, as the law of your country wants it.")
    tax_percent = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        default=0,
        validators=[MinValueValidator(0), MaxValueValidator(50)],
        help_text="The tax that prices hold, in percent; 0 shows none.",
    )
    tax_text = models.CharField(max_length=300, blank=True, help_text="A sentence below the sum, such as why no tax is charged.")
    bank_details = models.TextField(max_length=400, blank=True, help_text="Account holder, IBAN, BIC, bank: line by line.")
    closing_words = models.TextField(max_length=600, blank=True)
    days_to_pay = models.PositiveSmallIntegerField(default=14, validators=[MinValueValidator(1), MaxValueValidator(90)])
    opens_on = models.CharField("Access begins", max_length=8, choices=OpensOn.choices, default=OpensOn.PAID)
    prefix = models.CharField(
        "Prefix of invoices",
        max_length=24,
        default="{year}-",
        blank=True,
        validators=[_PREFIX],
        help_text="{year} begins a new series each year.",
    )
    credit_prefix = models.CharField("Prefix of credit notes", max_length=24, default="C{year}-", blank=True, validators=[_PREFIX])
    first_number = models.PositiveIntegerField(
        default=1,
        validators=[MinValueValidator(1)],
        help_text="Counts for the very first invoice only, if you come from another system.",
    )

    class Meta:
        verbose_name = "Invoices"

    def clean(self) -> None:
        if self.prefix == self.credit_prefix:
            raise ValidationError({"credit_prefix": "Invoices and credit notes need prefixes of their own."})


class InvoiceSeries(models.Model):
    """One series of numbers; its row is locked while a number is taken, so that none is lost and none given twice."""

    prefix = models.CharField(max_length=30, unique=True)
    last_number = models.PositiveIntegerField()


class InvoiceRequest(models.Model):
    """Somebody asks to subscribe by invoice; the publisher answers it in the desk."""

    class State(models.TextChoices):
        NEW = "new", "New"
        ANSWERED = "answered", "Answered"
        DECLINED = "declined", "Declined"

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+")
    reader = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    order = models.ForeignKey(Order, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    name = models.CharField(max_length=120)
    email = models.EmailField(max_length=254)
    organisation = models.CharField(max_length=160, blank=True)
    postal_address = models.TextField(max_length=600)
    message = models.TextField(max_length=2000, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.NEW)
    created_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return f"{self.name}, {self.plan}"


class InvoiceAgreement(models.Model):
    """A subscription that is paid by invoice: the books that this provider keeps, as others keep theirs on their servers.

    It has begun once `anchor_at` is set, the day and hour that its periods are counted from; `period_end` is the end of
    the last period that is paid, or opened before it is.
    """

    ref = models.CharField(max_length=40, unique=True)
    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="+")
    reader = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    price = models.ForeignKey(Price, on_delete=models.PROTECT, related_name="+")
    next_price = models.ForeignKey(Price, null=True, on_delete=models.PROTECT, related_name="+")  # of the next period, if another
    quantity = models.PositiveIntegerField(default=1)
    next_quantity = models.PositiveIntegerField(null=True)  # of the next period, if another
    discount_percent = models.PositiveSmallIntegerField(default=0)
    discount_left = models.PositiveSmallIntegerField(null=True)  # invoices that are still lower; None is all
    renews = models.BooleanField(default=True)
    name = models.CharField(max_length=120)
    organisation = models.CharField(max_length=160, blank=True)
    postal_address = models.TextField(max_length=600)
    email = models.EmailField(max_length=254)
    ordered_at = models.DateTimeField()
    anchor_at = models.DateTimeField(null=True)
    period_end = models.DateTimeField(null=True)
    cancel_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("id",)


class Invoice(models.Model):
    """One invoice, or a credit note for one; what it says is never changed and its number never given again.

    Amounts are in the currency's smallest unit and hold the tax; those of a credit note count against its invoice.
    """

    class Kind(models.TextChoices):
        INVOICE = "invoice", "Invoice"
        CREDIT = "credit", "Credit note"

    class State(models.TextChoices):
        OPEN = "open", "Open"
        PAID = "paid", "Paid"
        CANCELLED = "cancelled", "Cancelled"
        CREDIT = "credit", "Credit note"

    kind = models.CharField(max_length=8, choices=Kind.choices)
    number = models.CharField(max_length=40, unique=True)
    agreement = models.ForeignKey(InvoiceAgreement, on_delete=models.PROTECT, related_name="invoices")
    credits = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="credit_notes")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    issued_at = models.DateTimeField()
    due_on = models.DateField(null=True)
    period_start = models.DateTimeField(null=True)  # None: from the day of payment
    period_end = models.DateTimeField(null=True)
    recipient = models.TextField()
    email = models.EmailField(max_length=254, blank=True)
    issuer = models.TextField()
    price = models.ForeignKey(Price, null=True, on_delete=models.PROTECT, related_name="+")
    what = models.CharField(max_length=300)
    quantity = models.PositiveIntegerField(default=1)
    cents = models.BigIntegerField()
    tax_cents = models.BigIntegerField(default=0)
    tax_percent = models.DecimalField(max_digits=5, decimal_places=2, default=0)
    currency = models.CharField(max_length=3)
    words = models.TextField(blank=True)  # tax text, bank, closing: as they were on the day
    sent_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)
    last_reminded_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-issued_at", "-id")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="credit", credits__isnull=False) | models.Q(kind="invoice", credits__isnull=True),
                name="billing_credit_note_has_invoice",
            )
        ]
        indexes = [models.Index(fields=("state", "due_on"), name="billing_invoice_due")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number}"


class InvoicePayment(models.Model):
    """Money that came in for one invoice, as staff read it from the bank; `refunded_cents` went back."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="payments")
    ref = models.CharField(max_length=60, unique=True)
    cents = models.PositiveBigIntegerField()
    paid_on = models.DateField()
    paid_at = models.DateTimeField()
    reference = models.CharField(max_length=120, blank=True)
    refunded_cents = models.PositiveBigIntegerField(default=0)
    booked_at = models.DateTimeField()
    booked_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ("id",)
        constraints = [
            models.CheckConstraint(condition=models.Q(cents__gt=0), name="billing_invoice_payment_above_nothing"),
            models.CheckConstraint(
                condition=models.Q(refunded_cents__lte=models.F("cents")), name="billing_invoice_refund_within_payment"
            ),
        ]
