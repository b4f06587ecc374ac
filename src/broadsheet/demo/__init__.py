"""The demo publication: its texts, pictures, readers and mailbox; refuses to exist elsewhere."""
