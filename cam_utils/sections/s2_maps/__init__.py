"""Section 2, class activation mapping: equations 1 and 2, figures 2 to 4."""
