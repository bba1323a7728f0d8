-- A correction is undone once at most: undoing the undoing is a correction of its own.
CREATE UNIQUE INDEX correction_undone_once ON accounting.correction (undoes) WHERE undoes IS NOT NULL;
