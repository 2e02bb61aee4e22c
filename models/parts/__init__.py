"""What networks are built of; a file beside this folder, but for registry and settings, is a network."""
