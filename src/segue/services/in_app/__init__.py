"""What a page may show to whoever looks at it: rules of display, and documents for pages."""
