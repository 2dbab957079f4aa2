"""The parts that every app needs and none owns."""
