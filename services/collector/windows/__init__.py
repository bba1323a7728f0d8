"""Jobs of Windows print servers, from the events that a forwarder brings (docs/printers/windows.md)."""
