"""PostgreSQL from a wheel, with Redshift's types and functions: the warehouse behind the wire."""
