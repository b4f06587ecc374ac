"""What the templates of pages can say besides Django's own words."""
