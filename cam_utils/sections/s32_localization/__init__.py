"""Section 3.2, boxes from maps: Tables 2 and 3, figures 5 and 6."""
