"""`python -m tagging sweep`: many trainings of one config, each with other settings out of a sweep file."""
