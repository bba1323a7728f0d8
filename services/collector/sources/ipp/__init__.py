"""Internet Printing Protocol: a pure codec (RFC 8010), a client, and job records from job attributes."""
