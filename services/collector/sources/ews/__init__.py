"""The accounting table of the web pages of HP large-format printers; docs/printers/hp-ews.md."""
