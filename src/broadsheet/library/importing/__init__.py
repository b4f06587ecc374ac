"""Reads articles that were written elsewhere: files in, items out, rows written in batches."""
