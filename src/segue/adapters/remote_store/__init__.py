"""A store that another process holds, worked with through that process."""

from segue.adapters.remote_store.coding import decoded, encoded
from segue.adapters.remote_store.store import PATH, VERSION_HEADER, RemoteStore

__all__ = ["PATH", "VERSION_HEADER", "RemoteStore", "decoded", "encoded"]
