"""What all packages stand on: errors for users, files that appear whole, locks, the right to write a path.

Imports only the standard library.
"""
