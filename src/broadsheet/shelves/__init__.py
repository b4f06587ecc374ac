"""A reader's own shelves: articles they saved, and what they read if they asked for that to be kept."""
