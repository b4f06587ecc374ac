"""Letters: written from the publication's wording, queued in the outbox, sent over SMTP."""
