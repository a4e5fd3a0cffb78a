"""TLS for an engine that has none: a loopback port whose bytes go to the venue over TLS 1.3 and back.

QuickFIX is often built without TLS; this takes the place of an stunnel beside it. It listens on the loopback interface
only and carries one connection at a time.
"""

from __future__ import annotations

import selectors
import socket
import ssl
import threading

from gateway.fix.kit.endpoint import Endpoint, KitError

READ_BYTES = 65_536
CONNECT_S = 5.0


class TlsRelay:
    """Runs from construction to `stop`. Raises KitError when the TLS files cannot be used."""

    def __init__(self, endpoint: Endpoint) -> None:
        if endpoint.tls is None:
            raise KitError("a relay is for TLS")
        self._endpoint = endpoint
        self._name = endpoint.tls.server_name or endpoint.host
        self._context = endpoint.tls.context()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._wake, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="tls-relay", daemon=True)
        self.port: int = self._listener.getsockname()[1]
        self._thread.start()

    def stop(self) -> None:
        self._wake.close()
        self._thread.join()
        self._listener.close()
        self._woken.close()

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while all(key.fileobj is not self._woken for key, _ in selector.select()):
                local, _ = self._listener.accept()
                with local:
                    if self._serve(local):
                        return

    def _serve(self, local: socket.socket) -> bool:
        """Carries one connection; true when it is time to stop."""
        try:
            with (
                socket.create_connection((self._endpoint.host, self._endpoint.port), CONNECT_S) as plain,
                self._context.wrap_socket(plain, server_hostname=self._name) as remote,
            ):
                remote.settimeout(None)
                return self._carry(local, remote)
        except OSError:  # the venue is not there or refuses TLS: the engine sees its line closed and tries again
            return False

    def _carry(self, local: socket.socket, remote: ssl.SSLSocket) -> bool:
        with selectors.DefaultSelector() as selector:
            for line in (local, remote, self._woken):
                selector.register(line, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is self._woken:
                        return True
                    source, target = (local, remote) if key.fileobj is local else (remote, local)
                    data = source.recv(READ_BYTES)
                    while data and isinstance(source, ssl.SSLSocket) and source.pending():
                        data += source.recv(READ_BYTES)
                    if not data:
                        return False
                    target.sendall(data)
