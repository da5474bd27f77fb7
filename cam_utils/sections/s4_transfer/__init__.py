"""Section 4, deep features for generic localization: Table 5, figures 1 and 8."""
