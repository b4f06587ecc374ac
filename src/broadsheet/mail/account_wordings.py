# ruff: noqa: E501
"""The words of letters about declarations and about bringing two accounts together, by the kind's name; `wordings.py` says how they are written. Pure."""

from __future__ import annotations

from collections.abc import Mapping

# A declaration's receipt repeats what was typed: the law wants it back with the time, and whoever typed may not own the mailbox.
_DECLARED = frozenset({"number", "received_at", "person", "email", "contract", "help_link"})
PLACEHOLDERS: Mapping[str, frozenset[str]] = {
    "withdrawal-received": _DECLARED,
    "cancellation-received": _DECLARED | {"manner", "ends", "reason_line"},
    "merge-agree": frozenset({"link", "link_hours", "kept_address", "closed_address", "help_link"}),
    "merged": frozenset({"kept_address", "closed_address", "account_link", "help_link"}),
}

WORDS: Mapping[str, tuple[str, str]] = {
    "withdrawal-received": (
        "We have your withdrawal, number {number}",
        """We received this declaration on {received_at}. Keep this letter: it is your proof.

Declaration: withdrawal from a contract
Number: {number}
Name: {person}
Address for letters: {email}
Contract: {contract}

We look for the contract now, end it and give back what was paid, at the latest within 14 days. A letter to this mailbox says when that is done.

You did not declare this? Then tell us, and nothing happens.

Write to us: {help_link}""",
    ),
    "cancellation-received": (
        "We have your cancellation, number {number}",
        """We received this declaration on {received_at}. Keep this letter: it is your proof.

Declaration: {manner}
Number: {number}
Name: {person}
Address for letters: {email}
Contract: {contract}
To end: {ends}
{reason_line}

A letter to this mailbox says when the contract ends.

You did not declare this? Then tell us, and nothing happens.

Write to us: {help_link}""",
    ),
    "merge-agree": (
        "Two accounts at {name} are to become one",
        """You wrote to us that {kept_address} and {closed_address} are both yours. We can bring the two accounts together: what both hold is in the account of {kept_address} then, and the one of {closed_address} is closed.

Both mailboxes must agree. This button agrees with the mailbox to which this letter came; it is good for {link_hours} hours.

Let the accounts become one: {link}

You did not ask for this? Then do nothing, and both accounts stay as they are.""",
    ),
    "merged": (
        "Your two accounts at {name} are one",
        """Both mailboxes have agreed. Everything is in the account of {kept_address} now: subscriptions, open articles, gifts. The account of {closed_address} is closed, and no more letters go there.

Sign in with {kept_address}.

Your account: {account_link}

That is a surprise? Tell us at once.

Write to us: {help_link}""",
    ),
}
