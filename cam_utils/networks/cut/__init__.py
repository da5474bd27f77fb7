"""The surgery of section 3.1: cut a network, add a convolution and global pooling, compare."""
