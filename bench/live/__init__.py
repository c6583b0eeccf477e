"""The live service under load: a real `segue serve`, a real store, a generator beside it."""
