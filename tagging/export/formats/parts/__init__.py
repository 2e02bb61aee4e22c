"""What formats are made of."""
