"""How Inkmeter is run: locally, in containers, as a demo."""
