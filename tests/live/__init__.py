"""The live service as a whole: parity with history, faults, load."""
