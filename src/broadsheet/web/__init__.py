"""Readers' requests: pages, the wall's forms, sign-in, account, feeds."""
