"""Where job records come from: one folder per kind of source, all behind the seam in source.py."""
