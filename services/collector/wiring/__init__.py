"""Wires parts of the collector that are made of several pieces; main puts them together."""
