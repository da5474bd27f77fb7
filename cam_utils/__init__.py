"""The CAM companion."""
