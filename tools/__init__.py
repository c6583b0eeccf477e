"""What the project makes for itself: lock files, pictures, tables of the documentation."""
