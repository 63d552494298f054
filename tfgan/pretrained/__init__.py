"""Networks with published weights: read the weights, check them, and run the network without training it."""
