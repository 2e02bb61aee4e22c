"""Online part: clean clips -> model -> scores. Importing the package imports nothing heavy."""
