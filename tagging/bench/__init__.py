"""How fast this machine works, measured on audio that is made up: nothing is downloaded, and nothing needs a run."""
