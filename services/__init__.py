"""The services of Inkmeter and its command line."""
