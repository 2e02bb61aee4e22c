"""What only readers share."""
