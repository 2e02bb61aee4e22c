"""Run folders, folders of folds, and ensembles of them."""
