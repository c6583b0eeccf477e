"""What may go wrong around a server that works: kills, disks, clocks, hostile senders."""
