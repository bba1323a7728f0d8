"""One summary, several forms: CSV for spreadsheets, a page for people."""
