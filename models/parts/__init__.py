"""What networks are built of; a file next to this folder, except registry and settings, is a network."""
