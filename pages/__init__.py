"""What a visitor sees: one page a file, over the same pieces to take a clip, to show clips, to wait and to fail."""
