"""Networks taken apart: their layers as a chain, cut after one of them, described in a table."""
