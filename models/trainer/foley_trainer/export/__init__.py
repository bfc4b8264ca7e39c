"""Networks as ONNX graphs, and the checks that a graph equals its network."""
