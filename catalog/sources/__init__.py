"""Readers for packages with facts and prices of models. These modules do not use Django or the network."""
