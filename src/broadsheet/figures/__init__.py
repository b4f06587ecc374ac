"""From events and ledgers to the publisher's figures."""
