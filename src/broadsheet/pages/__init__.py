"""Articles and lists as finished bytes: templates, variants and the variant table."""
