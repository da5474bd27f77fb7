"""What the notebooks share: parameters, the paper's printed numbers, verdicts, figures, results."""
