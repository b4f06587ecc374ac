"""Plans and invoice requests; payment providers come behind the same interface."""
