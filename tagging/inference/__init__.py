"""All windows of a clip -> its scores."""
