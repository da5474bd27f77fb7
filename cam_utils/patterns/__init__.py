"""Pattern discovery (section 4.2): what linear classifiers on pooled features have found.

`objects`: informative objects of a scene (figure 9). `concepts`: phrases of captions (figure 10).
`text`: a text detector that never sees a word's box (figure 11). `placement` and `maps` serve all.
"""
