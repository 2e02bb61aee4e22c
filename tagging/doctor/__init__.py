"""A look at a data set before training: what is there, what looks wrong, and the settings that would suit it.

`survey.py` measures, each module named in `checkup.AREAS` describes one side of the data set and has its rules, and
`checkup.py` puts both together. A rule is a function from the survey to a `Finding`, or None where its threshold is not
reached.
"""
