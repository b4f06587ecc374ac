"""House ads: the publication's own notices beside articles, for those who do not subscribe."""
