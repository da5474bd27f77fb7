"""Pattern discovery (section 4.2): what linear classifiers on pooled features have found.

Objects of a scene (figure 9): `tally` counts them, `informative` lists them. Phrases of captions
(figure 10): `concepts`. Text (figure 11): `text_detector` on drawn streets, `street` on photos.
Answers to questions (figure 12): `answers`. `choose` opens the data, drawn or real.
"""
