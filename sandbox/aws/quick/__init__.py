"""Amazon Quick: data sources, data sets, and ingestions that read the warehouse into SPICE."""
