"""Broadsheet: a publishing system for world-affairs analysis that readers pay for."""
