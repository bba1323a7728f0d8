"""Lists of jobs, charges and unpriced lines, by filters and pages."""
