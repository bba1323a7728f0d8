"""One way to serve and to call HTTP for all services."""
