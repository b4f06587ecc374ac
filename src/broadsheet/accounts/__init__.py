"""Who a reader is: addresses, proofs of a mailbox, sign-ins."""
