"""Networks: one file each, image -> logits. `registry.build_network` makes one from its settings."""
