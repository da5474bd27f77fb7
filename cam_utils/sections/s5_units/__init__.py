"""Class-specific units: section 5 and figure 13 of the paper."""
