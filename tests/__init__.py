"""The tests: unit, contract, integration with real servers, acceptance by real processes."""
