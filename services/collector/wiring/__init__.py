"""Parts of the wiring that are a concern of their own; only main uses them."""
