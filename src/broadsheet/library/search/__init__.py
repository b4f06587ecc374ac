"""The library's search: what people type, the index that answers, what each reader may see of it."""
