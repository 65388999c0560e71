"""Quick's data source and datasets, as dbt exposures describe them.

exposures   what the dbt manifest says a dataset is   (pure but for reading the file)
requests    the same as requests of Quick's API        (pure)
apply       makes what is missing
"""
