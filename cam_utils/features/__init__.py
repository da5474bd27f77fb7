"""Generic deep features (section 4): extract them, train a linear SVM, draw its maps.

features = extract(network, images)
svm = fit_svm(features, features.labels, images.classes)
result = svm_cams(network, svm, views, classes=1)
"""

from .attributes import fit_attributes
from .extraction import Features, extract, joined
from .layers import available_layers
from .splits import PROTOCOLS, SplitRule, split_indices
from .svm import GRID, LinearSvm, fit_svm, kept_svm
from .svm_maps import svm_cams, svm_network

__all__ = [
    "GRID",
    "PROTOCOLS",
    "Features",
    "LinearSvm",
    "SplitRule",
    "available_layers",
    "extract",
    "fit_attributes",
    "fit_svm",
    "joined",
    "kept_svm",
    "split_indices",
    "svm_cams",
    "svm_network",
]
