"""Section 3.1, networks with global pooling, cut and trained: Table 1."""
