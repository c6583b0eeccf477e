"""What people's behaviour says: journeys, findings, patterns, measures, backtests, lint."""
