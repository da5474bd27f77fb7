"""The scoreboard: everything the paper prints beside what was measured, or the reason why not.

It computes nothing: it gathers the stored tables of `figures/<profile>/`, the manifest of figures
and the verdicts that the notebooks published.
"""
