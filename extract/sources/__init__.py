"""One module a source: how its partitions are found in an import folder, parsed and loaded."""
