"""Templates of messages: what they can say, and what nobody can make them do."""
