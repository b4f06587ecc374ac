"""A package that comes late to an installation: several sets of migrations for the tests of upgrades."""
