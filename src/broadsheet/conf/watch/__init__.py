"""What an operator sees of a running publication: health, metrics, logs."""
