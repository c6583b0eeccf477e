"""Acting on people: who is messaged, when, by which rules, and what is said."""
