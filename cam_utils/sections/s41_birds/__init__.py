"""Section 4.1, fine-grained birds: whole image, crop by the class activation map, truth box."""
