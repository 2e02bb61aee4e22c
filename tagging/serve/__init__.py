"""An HTTP service that tags audio: `python -m tagging serve`."""
