"""May this reader read this article? The resolver, the meter and the instant article."""
