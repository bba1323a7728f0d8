"""Sets the counters of devices against the jobs that were told: what no job accounts for goes to Unknown."""
