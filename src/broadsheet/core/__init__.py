"""What everything stands on: clock, months, change log, event log, tallies, text."""
