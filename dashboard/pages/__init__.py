"""The pages, one module each: queries, claims and charts."""
