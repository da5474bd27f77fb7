"""Pattern discovery (section 4.2): what linear classifiers on pooled features have found.

`objects` and `informative`: objects of a scene (figure 9). `concepts`, `concept_study`: phrases of
captions (figure 10). `text`, `text_study`: a text detector that never sees a word's box, on drawn
streets; `street`, `detectors`, `street_run`: on street photos (figure 11). `answers`: questions,
with `cam_utils.vqa` (figure 12). `placement` scores a map by a true region, `maps` makes maps of
records, `choose` and `once` open the data.
"""
