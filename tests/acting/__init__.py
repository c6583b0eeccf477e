"""The rules of acting: who is messaged when, held to what the documentation says."""
