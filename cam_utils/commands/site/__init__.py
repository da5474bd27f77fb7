"""The book: what is committed, as a static site; nothing is run and nothing is downloaded."""
