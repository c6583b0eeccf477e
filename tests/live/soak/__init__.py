"""An hour on the wall clock: real SDKs, a real server that is killed, and what was published."""
