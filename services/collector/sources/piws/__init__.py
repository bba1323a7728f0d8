"""HP's PIWS 2.0, the REST interface of large-format printers: jobs, areas and ink; docs/printers/hp-piws.md."""
