"""Price list files: TOML, CSV and JSON into one checked value, and back."""
