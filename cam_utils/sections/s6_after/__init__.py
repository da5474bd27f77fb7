"""What came after: successors of class activation maps, transformers, finer maps, scores."""
