"""Speaks SNMP: asks devices, reads and serves recordings, hears traps; what the answers mean is known elsewhere."""
