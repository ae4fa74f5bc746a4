"""What every bench stands on: the programs under test, a real Kafka, loads, and the table of results."""
