"""The demo: simulated printers that speak real IPP, people and prices, all through the public interfaces."""
