"""Watched folders: files that programs and devices put there become jobs by a mapping, each record once."""
