"""Takes a bare server to the first sign-in: asks, checks, writes, makes the publisher; says what it did."""
