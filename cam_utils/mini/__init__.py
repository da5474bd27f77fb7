"""The procedural picture world: drawn data sets with true boxes, masks and parts."""
