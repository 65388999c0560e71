"""The Redshift Data API: statements run as the caller's database user, remembered for 24 hours."""
