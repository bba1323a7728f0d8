"""The script location of Alembic: its entry only; the revisions come from the services' SQL files."""
