"""What surrounds the product: demo, simulation, sandboxes, importers, benchmarks and checks."""
