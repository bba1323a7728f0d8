"""Live windows, budget alerts and rules against waste, on a Faust worker (ADR 0016). It never touches money."""
