"""Speaks SNMP: asks devices, reads and serves recordings, hears traps; what answers mean is known elsewhere."""
