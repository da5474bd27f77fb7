"""The experiments, a folder for each section of the paper.

Each has its studies (what is opened and measured), tables (rows beside the paper's), figures and
verdicts; what all of them use lies below, in the kernel and the engine.
"""
