"""Projects, customers and departments, one by one and from files."""
