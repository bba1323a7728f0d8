"""The last jobs of HP LaserJets by SNMP (HP-LASERJET-COMMON-MIB); docs/printers/hp-job-info.md."""
