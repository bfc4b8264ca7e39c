"""The paper's experiment and the benchmarks of samplers."""
