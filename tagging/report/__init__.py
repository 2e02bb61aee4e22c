"""`report.html`: all that there is to know about a run on one page, and its tables as CSV. No TensorFlow."""
