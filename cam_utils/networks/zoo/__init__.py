"""Networks by name: the paper's (Caffe), torchvision's, Places365's, the drawn world's."""
