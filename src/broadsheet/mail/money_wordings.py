# ruff: noqa: E501
"""The words of letters about subscriptions and money, by the kind's name; `wordings.py` says how they are written. Pure."""

from __future__ import annotations

from collections.abc import Mapping

_PLAN = frozenset({"plan", "price", "account_link", "help_link"})
PLACEHOLDERS: Mapping[str, frozenset[str]] = {
    "welcome": _PLAN | {"holds", "next_payment_line", "trial_line"},
    "receipt": _PLAN | {"amount", "paid_on", "covers_until", "number"},
    "payment-failed": _PLAN | {"amount", "access_until", "card_link"},
    "payment-failed-again": _PLAN | {"amount", "access_until", "card_link"},
    "payment-failed-last": _PLAN | {"amount", "access_until", "card_link"},
    "unpaid": _PLAN | {"amount", "subscribe_link"},
    "renews-soon": _PLAN | {"renews_on", "amount"},
    "price-changes": _PLAN | {"new_price", "from_day"},
    "card-expires": _PLAN | {"card_link", "expires"},
    "cancelled": _PLAN | {"access_until"},
    "yearly-reminder": _PLAN | {"started_on", "renews_on", "amount"},
    "goes-on": _PLAN | {"renews_on", "amount"},
    "ended": _PLAN | {"allowance", "subscribe_link"},
    "paused": _PLAN | {"access_until", "goes_on_at"},
    "pause-ends": _PLAN | {"goes_on_at", "amount"},
    "still-student": _PLAN | {"institution", "student_link"},
    "refunded": _PLAN | {"amount", "paid_on"},
    "money-alert": frozenset({"what", "advice", "link"}),
}

WORDS: Mapping[str, tuple[str, str]] = {
    "welcome": (
        "Welcome to {name}",
        """Your subscription has begun: {plan}, {price}. Thank you.

This is what you hold:

{holds}

{trial_line}

{next_payment_line}

To read on any device, sign in there with this address; there is nothing to install.

Your account: {account_link}

Cancelling takes two clicks there, at any time, and you read on to the end of what you have paid for. Questions go to {help_link}.""",
    ),
    "receipt": (
        "Receipt from {name}: {amount}",
        """We have received {amount} for {plan} on {paid_on}. It covers the time until {covers_until}.

Number of the payment: {number}

Nothing is left for you to do. All receipts are in your account.

Your account: {account_link}""",
    ),
    "payment-failed": (
        "Your payment to {name} did not go through",
        """{amount} for {plan} could not be taken. That is often a card that has run out, or a bank that wants to be asked.

You go on reading until {access_until}. We try again in a few days by ourselves; a new card settles it at once.

Renew the card: {card_link}""",
    ),
    "payment-failed-again": (
        "Still unpaid: your subscription to {name}",
        """{amount} for {plan} is still unpaid: your bank has not let the payment through.

You still read everything, until {access_until}. After that the subscription ends by itself.

Renew the card: {card_link}

You would rather stop? Cancel in your account: {account_link}""",
    ),
    "payment-failed-last": (
        "The last try: your subscription to {name}",
        """This is our last letter about it: {amount} for {plan} is still unpaid. If it stays so, your subscription ends on {access_until} at the latest.

Nothing is owed then, and your account and its free articles stay.

Renew the card: {card_link}""",
    ),
    "unpaid": (
        "Your subscription to {name} has ended unpaid",
        """{amount} for {plan} could not be taken, and we have stopped trying. Nothing is owed.

Your account stays, with its free articles each month. To read everything again, subscribe anew.

Subscribe: {subscribe_link}""",
    ),
    "renews-soon": (
        "Your subscription to {name} renews on {renews_on}",
        """On {renews_on} your subscription {plan} renews, and {amount} is taken.

If that is what you want, there is nothing to do. If not, cancel before that day; it takes two clicks.

Your account: {account_link}""",
    ),
    "price-changes": (
        "A new price for your subscription to {name}",
        """{plan} will cost {new_price}. You pay {price} now, and the new price is first taken on {from_day}.

If you agree, there is nothing to do. If you do not, cancel before that day: you read on to the end of what you have paid for.

Your account: {account_link}""",
    ),
    "card-expires": (
        "Your card for {name} runs out {expires}",
        """The card that pays for {plan} runs out {expires}. Give a new one, and nothing changes for you.

Renew the card: {card_link}""",
    ),
    "yearly-reminder": (
        "Your subscription to {name}: what renews, and how to end it",
        """You have subscribed to {plan} since {started_on}. It renews by itself each month: on {renews_on}, {amount} is taken.

To end it, open your account and press “Cancel”; two clicks, and you read on to the end of what you have paid for. We send this reminder once a year.

Your account: {account_link}""",
    ),
    "cancelled": (
        "Cancelled: your subscription to {name}",
        """Your subscription {plan} is cancelled. Nothing more is taken, and you read everything until {access_until}.

After that your account stays, with its free articles each month. Changed your mind? Until that day one click undoes it.

Your account: {account_link}""",
    ),
    "goes-on": (
        "Your subscription to {name} goes on",
        """Your subscription {plan} goes on as before. The next payment, {amount}, is on {renews_on}.

Your account: {account_link}""",
    ),
    "ended": (
        "Your subscription to {name} has ended",
        """Your subscription {plan} has ended today. Thank you for reading with us.

Your account stays: {allowance} articles of your choice each month, free, and the newsletter if you want it.

Come back whenever you like: {subscribe_link}""",
    ),
    "paused": (
        "Paused: your subscription to {name}",
        """Your subscription {plan} pauses. You read everything until {access_until}, then it rests, and nothing is taken. It goes on by itself on {goes_on_at}; we write to you a week before.

Your account: {account_link}""",
    ),
    "pause-ends": (
        "Your subscription to {name} goes on on {goes_on_at}",
        """The pause of {plan} is over on {goes_on_at}. From then on you read everything again, and {amount} is taken.

To go on pausing, or to cancel, see your account before that day.

Your account: {account_link}""",
    ),
    "still-student": (
        "Do you still study?",
        """You read {name} at the student’s price, {price}. It is for people who study, so we ask once a year; last time you named: {institution}

Say that you still study: {student_link}

If you do not, change to another plan in your account; nothing is charged before you choose one.

Your account: {account_link}""",
    ),
    "refunded": (
        "{name} has paid you back {amount}",
        """We have given back {amount} of your payment of {paid_on} for {plan}. It reaches your account or card within about ten days, depending on your bank.

Your account: {account_link}""",
    ),
    "money-alert": (
        "For the publisher of {name}: {what}",
        """{what}

{advice}

See it in the desk: {link}""",
    ),
}
