"""Serves finished pages before Django is asked: knows passes, held variants and the change log, and no Django."""
