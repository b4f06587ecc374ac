"""Articles, authors, topics, regions and photos; publishing and import."""
