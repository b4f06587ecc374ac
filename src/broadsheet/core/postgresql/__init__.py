"""PostgreSQL for processes that must not wait long: a connection that gives up, and Django's backend over it."""
