"""Reads who a device is by SNMP, for printers that are registered as snmp://."""
