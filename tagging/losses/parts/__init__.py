"""What losses share, and the rank loss that stands next to them."""
