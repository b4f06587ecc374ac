"""Migrations of late_app."""
