"""A model hub on 127.0.0.1: as much of the Hugging Face Hub's HTTP as fetching a model needs.

``files`` maps a repository to its files' bytes; ``asked`` lists the paths that were asked for.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub(ThreadingHTTPServer):
    def __init__(self, files: Mapping[str, Mapping[str, bytes]]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files = files
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Hub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        self.server.asked.append(path)
        parts = path.strip("/").split("/")
        if parts[:2] == ["api", "models"]:
            return self._about("/".join(parts[2:4]), body=body)
        repository, rest = "/".join(parts[:2]), parts[2:]
        content = self.server.files.get(repository, {}).get("/".join(rest[2:])) if rest[:1] == ["resolve"] else None
        if content is None:
            code = "EntryNotFound" if repository in self.server.files else "RepoNotFound"
            return self._send(404, b"", {"X-Error-Code": code, "X-Error-Message": "Not here."}, body=body)
        etag = f'"{hashlib.sha256(content).hexdigest()}"'
        return self._send(200, content, {"ETag": etag, "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}, body=body)

    def _about(self, repository: str, *, body: bool) -> None:
        files = self.server.files.get(repository)
        if files is None:
            headers = {"X-Error-Code": "RepoNotFound", "X-Error-Message": "Not here."}
            return self._send(404, b"{}", headers, body=body)
        if "/tree/" in self.path:
            told: object = [
                {"type": "file", "path": name, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
                for name, content in files.items()
            ]
        else:
            told = {"id": repository, "sha": COMMIT, "siblings": [{"rfilename": name} for name in files]}
        return self._send(200, json.dumps(told).encode(), {"Content-Type": "application/json"}, body=body)

    def _send(self, status: int, content: bytes, headers: Mapping[str, str], *, body: bool) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""


@contextmanager
def hub(files: Mapping[str, Mapping[str, bytes]]) -> Iterator[Hub]:
    with Hub(files) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
