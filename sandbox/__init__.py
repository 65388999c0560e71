"""Local stand-ins for Redshift, its Data API, Zero-ETL and Quick.

They are reached only through their own protocols; nothing else in the project imports them.
"""
