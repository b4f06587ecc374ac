"""What this package keeps of people. Money stays in the books when an account goes, without saying whose it was."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet

from broadsheet.billing.models import (
    Alert,
    Campaign,
    Declaration,
    Gift,
    Invoice,
    InvoiceAgreement,
    InvoicePayment,
    InvoiceRequest,
    InvoiceSettings,
    LedgerLine,
    OfflineSubscription,
    Order,
    Organisation,
    OrganisationDomain,
    Plan,
    PriceChange,
    Seat,
    StudentDeclaration,
    Subscription,
)
from broadsheet.billing.subscription_flows import note_move
from broadsheet.core.personal import REGISTER, Person, PersonalTable, blank, delete_rows, keep_rows, move

# Germany asks for the longest of the countries in docs/law.md; a shorter duty elsewhere is kept with it.
BOOKS_YEARS = 10
# As long as claims live in Germany: three years from the end of the year (BGB, sections 195 and 199).
CLAIM_YEARS = 3
STAFF = "The work of staff."


def register_tables() -> None:
    """Called once, when the app is ready."""
    _register_subscriptions()
    _register_invoices()
    _register_gifts_and_seats()
    _register_declarations()
    REGISTER.not_personal(Plan, "Names what is sold.", "name")
    REGISTER.not_personal(Campaign, "Names a campaign.", "name")
    REGISTER.not_personal(Organisation, "Names an organisation.", "name")
    REGISTER.not_personal(InvoiceSettings, "The publisher's own name and address.")


def _register_subscriptions() -> None:
    REGISTER.add(
        PersonalTable(
            Subscription,
            fields="reader customer_ref",
            find=lambda person: Subscription.objects.filter(reader_id=person.reader_id),
            erase=blank(reader=None),
            why_kept="The publisher's books: amounts, dates and the provider's numbers, without a name.",
            kept_years=BOOKS_YEARS,
            name="subscriptions",
            exported="id price__plan__name provider ref status started_at period_end cancel_at ended_at kept_cents price__currency",
            merge=_merge_subscriptions,
        ),
        PersonalTable(
            LedgerLine,
            fields="detail",
            find=lambda person: LedgerLine.objects.filter(subscription__reader_id=person.reader_id),
            erase=keep_rows,
            why_kept="The lines of those books.",
            kept_years=BOOKS_YEARS,
            name="subscription_lines",
            exported="subscription_id kind at cents currency until detail",
        ),
        PersonalTable(
            Order,
            fields="reader network_key agreed_text",
            find=lambda person: Order.objects.filter(reader_id=person.reader_id),
            erase=blank(reader=None, network_key=""),
            why_kept="Which words somebody agreed to before a payment, and when.",
            kept_years=CLAIM_YEARS,
            name="orders",
            exported="ref price__plan__name price__cents price__currency quantity discount_percent agreed_text created_at campaign",
            merge=move(Order),
        ),
        PersonalTable(
            StudentDeclaration,
            fields="reader institution",
            find=lambda person: StudentDeclaration.objects.filter(reader_id=person.reader_id),
            erase=delete_rows,
            name="student_declarations",
            exported="institution declared_at",
            merge=move(StudentDeclaration),
        ),
        PersonalTable(
            PriceChange,
            fields="announced_by",
            find=lambda person: PriceChange.objects.filter(announced_by_id=person.reader_id),
            erase=blank(announced_by=None),
            why_kept="What the publisher announced to subscribers.",
            kept_years=BOOKS_YEARS,
            why_not_exported=STAFF,
        ),
        PersonalTable(
            Alert,
            fields="settled_by text",
            find=lambda person: Alert.objects.filter(settled_by_id=person.reader_id),
            erase=blank(settled_by=None),
            why_kept="What staff had to look at; the text names numbers, nobody's address.",
            kept_years=BOOKS_YEARS,
            why_not_exported=STAFF,
        ),
        PersonalTable(
            OfflineSubscription,
            fields="reader_id address",
            find=lambda person: OfflineSubscription.objects.filter(reader_id=person.reader_id),
            erase=blank(reader_id=0, address=""),
            why_kept="The books of the demo's provider, which takes no money.",
            kept_years=BOOKS_YEARS,
            why_not_exported="It repeats the subscription, in the demo only.",
            merge=move(OfflineSubscription),
        ),
    )


def _register_invoices() -> None:
    REGISTER.add(
        PersonalTable(
            InvoiceRequest,
            fields="reader name email organisation postal_address message answered_by",
            find=_requests,
            erase=delete_rows,
            name="invoice_requests",
            exported="plan__name name email organisation postal_address message state created_at",
            merge=move(InvoiceRequest),
        ),
        PersonalTable(
            InvoiceAgreement,
            fields="reader name organisation postal_address email",
            find=lambda person: InvoiceAgreement.objects.filter(reader_id=person.reader_id),
            erase=blank(reader=None, email=""),
            why_kept="Whom invoices were written to; the law of taxes wants the name on them.",
            kept_years=BOOKS_YEARS,
            name="invoice_agreements",
            exported="ref price__plan__name quantity name organisation postal_address email ordered_at period_end ended_at",
            merge=move(InvoiceAgreement),
        ),
        PersonalTable(
            Invoice,
            fields="recipient email",
            find=lambda person: Invoice.objects.filter(agreement__reader_id=person.reader_id),
            erase=blank(email=""),
            why_kept="An invoice as it was written, with the recipient's name and address.",
            kept_years=BOOKS_YEARS,
            name="invoices",
            exported="number kind state issued_at due_on recipient what quantity cents tax_cents currency",
        ),
        PersonalTable(
            InvoicePayment,
            fields="reference booked_by",
            find=lambda person: InvoicePayment.objects.filter(invoice__agreement__reader_id=person.reader_id),
            erase=keep_rows,
            why_kept="Money that came in for those invoices.",
            kept_years=BOOKS_YEARS,
            name="invoice_payments",
            exported="invoice__number cents paid_on reference refunded_cents",
        ),
    )


def _register_gifts_and_seats() -> None:
    REGISTER.add(
        PersonalTable(
            Gift,
            fields="address giver_name message reader",
            find=_gifts,
            erase=_erase_gifts,
            why_kept="That a gift was paid, and until when it runs: its code goes on being good for the other of the two.",
            kept_years=BOOKS_YEARS,
            name="gifts",
            exported="deliver_at delivered_at giver_name message redeemed_at runs_until",
            merge=move(Gift),
        ),
        PersonalTable(
            Organisation,
            fields="owner offered_to",
            find=lambda person: Organisation.objects.filter(Q(owner_id=person.reader_id) | Q(offered_to_id=person.reader_id)),
            erase=_erase_owner,
            why_kept="The organisation, which goes on paying; staff find it a new owner.",
            name="organisations",
            exported="name created_at",
            merge=_merge_owner,
        ),
        PersonalTable(
            OrganisationDomain,
            fields="added_by",
            find=lambda person: OrganisationDomain.objects.filter(added_by_id=person.reader_id),
            erase=blank(added_by=None),
            why_kept="A domain of the organisation.",
            name="organisation_domains",
            exported="domain created_at",
            merge=move(OrganisationDomain, "added_by_id"),
        ),
        PersonalTable(
            Seat,
            fields="address address_key reader",
            find=lambda person: Seat.objects.filter(Q(reader_id=person.reader_id) | Q(address_key=person.address_key)),
            erase=delete_rows,
            name="seats",
            exported="organisation__name address invited_at taken_at",
            merge=_merge_seats,
        ),
    )


def _register_declarations() -> None:
    REGISTER.add(
        PersonalTable(
            Declaration,
            fields="name email address_key contract reason network_key settled_by",
            find=lambda person: Declaration.objects.filter(address_key=person.address_key),
            erase=keep_rows,
            why_kept="That somebody withdrew or cancelled, and when: it proves both sides' rights, account or not.",
            kept_years=CLAIM_YEARS,
            name="declarations",
            exported="ref kind name email contract is_extraordinary reason ends_on created_at state outcome settled_at",
        )
    )


def _requests(person: Person) -> QuerySet[InvoiceRequest]:
    return InvoiceRequest.objects.filter(Q(reader_id=person.reader_id) | Q(email__iexact=person.address))


def _merge_subscriptions(source: Person, target: Person, now: datetime) -> None:
    """Move subscriptions with a line in each ledger; their grants move with `membership`."""
    for row in Subscription.objects.select_for_update(of=("self",)).filter(reader_id=source.reader_id):
        row.reader_id = target.reader_id
        note_move(row, f"account {source.reader_id} to account {target.reader_id}", now=now)


def _gifts(person: Person) -> QuerySet[Gift]:
    """Those that a person gave, and those that were given to them."""
    mine = Q(reader_id=person.reader_id) | Q(address__iexact=person.address)
    return Gift.objects.filter(mine | Q(subscription__reader_id=person.reader_id))


def _erase_gifts(rows: QuerySet[Gift], person: Person, now: datetime) -> None:
    given = Gift.objects.filter(subscription__reader_id=person.reader_id)
    given.update(giver_name="", message="")
    Gift.objects.filter(reader_id=person.reader_id).update(reader=None)
    Gift.objects.filter(address__iexact=person.address).update(address="")


def _erase_owner(rows: QuerySet[Organisation], person: Person, now: datetime) -> None:
    rows.filter(owner_id=person.reader_id).update(owner=None)
    Organisation.objects.filter(offered_to_id=person.reader_id).update(offered_to=None)


def _merge_owner(source: Person, target: Person, now: datetime) -> None:
    for owner in ("owner_id", "offered_to_id"):
        move(Organisation, owner)(source, target, now)


def _merge_seats(source: Person, target: Person, now: datetime) -> None:
    """One person sits once: where both accounts have a seat, the source's is free again."""
    taken = Seat.objects.filter(reader_id=target.reader_id).values("organisation")
    Seat.objects.filter(reader_id=source.reader_id, organisation__in=taken).delete()
    Seat.objects.filter(reader_id=source.reader_id).update(reader_id=target.reader_id)
