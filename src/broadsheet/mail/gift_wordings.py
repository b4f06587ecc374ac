# ruff: noqa: E501
"""The words of letters about gifts and about an organisation's seats; `wordings.py` says how they are written. Pure."""

from __future__ import annotations

from collections.abc import Mapping

_GIFT = frozenset({"plan", "period", "giver", "message", "code", "link", "redeem_by", "holds", "help_link"})
PLACEHOLDERS: Mapping[str, frozenset[str]] = {
    "gift-bought": frozenset(
        {"plan", "amount", "paid_on", "number", "recipient", "delivery_line", "redeem_by", "link", "help_link"}
    ),
    "gift": _GIFT,
    "gift-reminder": _GIFT,
    "gift-opened": frozenset({"plan", "holds", "from_day_line", "runs_until", "link", "help_link"}),
    "gift-ended": frozenset({"plan", "help_link"}),
    "group-begun": frozenset({"plan", "organisation", "seats", "price", "renews_on", "link", "help_link"}),
    "seat-invited": frozenset({"plan", "organisation", "holds", "link", "help_link"}),
    "seat-taken": frozenset({"plan", "organisation", "holds", "link", "help_link"}),
    "seat-ended": frozenset({"organisation", "allowance", "link"}),
    "group-offered": frozenset({"plan", "organisation", "seats", "price", "link"}),
    "group-handed-over": frozenset({"organisation", "link", "help_link"}),
}

WORDS: Mapping[str, tuple[str, str]] = {
    "gift-bought": (
        "Receipt from {name}: your gift for {recipient}",
        """Thank you. We have received {amount} on {paid_on} for a gift: {plan}, for {recipient}.

Number of the payment: {number}

{delivery_line}

The gift is paid once and never renews. Its time runs from the day on which it is opened, which can be any day until {redeem_by}.

Your account shows whether it has been opened, and has a card to print.

See the gift: {link}""",
    ),
    "gift": (
        "A gift for you: {name}, from {giver}",
        """{giver} gives you {period} of {name}: {plan}.

{message}

This is what it opens to you:

{holds}

Open it whenever you like until {redeem_by}: your time runs from that day, nothing is ever taken from you, and it ends by itself.

Open the gift: {link}

Or go to {site}/gift/ and type this code:

{code}

You do not want it? Then do nothing; this address is used for the gift and for nothing else. Questions go to {help_link}.""",
    ),
    "gift-reminder": (
        "Your gift from {giver} is still waiting",
        """Two weeks ago we wrote to you that {giver} gives you {period} of {name}. It has not been opened yet.

{message}

It waits until {redeem_by}, and its time runs from the day on which you open it. This is our only reminder.

Open the gift: {link}

Or go to {site}/gift/ and type this code:

{code}""",
    ),
    "gift-opened": (
        "Your gift is open: {plan}, {name}",
        """Your gift is open. {from_day_line} You read everything until {runs_until}; then it ends by itself, and nothing is taken.

This is what you hold:

{holds}

On other devices, sign in with this address.

Your account: {link}""",
    ),
    "gift-ended": (
        "Your gift from {name} has ended",
        """The gift {plan} has ended early, because its payment was given back. Nothing is owed, your account stays, and so does everything else that you hold.

You did not expect this? Write to us.

Write to us: {help_link}""",
    ),
    "group-begun": (
        "{seats} seats for {organisation} at {name}",
        """Your subscription for {organisation} has begun: {plan}, {seats} seats, {price}. Thank you.

Now invite your people: type or paste their addresses, or let everybody with an address of your domain take a seat. You see who has a seat, and never what they read. Take one for yourself there, too.

Fill the seats: {link}

The next payment is on {renews_on}. Cancelling takes two clicks in your account. Questions go to {help_link}.""",
    ),
    "seat-invited": (
        "{organisation} has a seat for you at {name}",
        """{organisation} pays for {name} and has set a seat aside for you. It costs you nothing.

This is what it opens to you:

{holds}

Take your seat: {link}

Whoever manages the seats sees that you have one, and never what you read. You do not want it? Then do nothing. Questions go to {help_link}.""",
    ),
    "seat-taken": (
        "Your seat at {name}, from {organisation}",
        """You have a seat of {organisation} at {name}. It lasts as long as {organisation} pays for it, and costs you nothing.

This is what you hold:

{holds}

Whoever manages the seats sees that you have one, and never what you read. You can leave at any time.

Your account: {link}""",
    ),
    "seat-ended": (
        "Your seat of {organisation} at {name} has ended",
        """Your seat of {organisation} has ended: it was given to somebody else, or {organisation} no longer pays for it.

Your account stays, with {allowance} articles of your choice each month, and so does whatever you hold yourself.

Read on with a subscription of your own: {link}""",
    ),
    "group-offered": (
        "Will you look after the seats of {organisation} at {name}?",
        """Whoever looks after the seats of {organisation} at {name} asks you to take that over: {plan}, {seats} seats, {price}.

If you agree, you invite and remove people from then on, letters about payments come to you, and you decide about the subscription. Change the card that pays, too, if it is not yours.

Nothing changes unless you agree.

See what is offered: {link}""",
    ),
    "group-handed-over": (
        "The seats of {organisation} at {name} are looked after by somebody else",
        """The seats of {organisation} are no longer in your hands: letters about them, and decisions, are with somebody else of {organisation} from now on. A seat of your own stays.

If you did not want this, write to us at once.

Write to us: {help_link}""",
    ),
}
