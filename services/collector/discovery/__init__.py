"""Finds devices that could be registered: by DNS-SD and SNMP, in allowed networks only; it registers none."""
