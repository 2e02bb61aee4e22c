"""Training a stage: settings, callbacks, and the run that comes out."""
