"""Hand-written fakes of shared's seams; each passes the same contract tests as the real thing."""
