"""A small Hugging Face Hub on this machine: takes commits of models and gives their files back."""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_COMMIT = "0" * 40

Repositories = dict[str, dict[str, bytes]]  # "owner/name" -> path -> content


@contextmanager
def small_hub() -> Iterator[tuple[str, Repositories]]:
    """Its address, for HF_ENDPOINT, and what it holds."""
    holds: Repositories = {}

    class Hub(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            match self.path.partition("?")[0].strip("/").split("/"):
                case ["api", "repos", "create"]:
                    asked = json.loads(text)
                    name = f"{asked['organization']}/{asked['name']}"
                    holds.setdefault(name, {})
                    self._answer({"url": f"{address}/{name}"})
                case ["api", "validate-yaml"]:
                    self._answer({"errors": [], "warnings": []})
                case ["api", "models", _, _, "preupload", _]:
                    paths = [file["path"] for file in json.loads(text)["files"]]
                    modes = [{"path": path, "uploadMode": "regular", "shouldIgnore": False} for path in paths]
                    self._answer({"files": modes})
                case ["api", "models", owner, name, "commit", _]:
                    for line in map(json.loads, text.splitlines()):
                        if line["key"] == "file":
                            content = base64.b64decode(line["value"]["content"])
                            holds[f"{owner}/{name}"][line["value"]["path"]] = content
                    self._answer({"commitOid": _COMMIT, "commitUrl": f"{address}/{owner}/{name}/commit/{_COMMIT}"})
                case _:
                    self._answer({"error": "not found"}, 404)

        def do_GET(self) -> None:
            match self.path.partition("?")[0].strip("/").split("/"):
                case ["api", "models", owner, name, "revision", _] if f"{owner}/{name}" in holds:
                    files = [{"rfilename": path} for path in holds[f"{owner}/{name}"]]
                    self._answer({"id": f"{owner}/{name}", "sha": _COMMIT, "siblings": files})
                case ["api", "models", owner, name, "tree", *_] if f"{owner}/{name}" in holds:
                    files = holds[f"{owner}/{name}"].items()
                    self._answer([{"type": "file", "path": path, "size": len(c), "oid": _oid(c)} for path, c in files])
                case [owner, name, "resolve", _, path] if path in holds.get(f"{owner}/{name}", {}):
                    content = holds[f"{owner}/{name}"][path]
                    self._send(content, {"ETag": f'"{_oid(content)}"', "X-Repo-Commit": _COMMIT})
                case _:
                    self._answer({"error": "not found"}, 404, {"X-Error-Code": "RepoNotFound"})

        do_HEAD = do_GET  # noqa: N815

        def _answer(self, content: object, status: int = 200, headers: dict[str, str] | None = None) -> None:
            self._send(json.dumps(content).encode(), {"Content-Type": "application/json", **(headers or {})}, status)

        def _send(self, content: bytes, headers: dict[str, str], status: int = 200) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield address, holds
    server.shutdown()
    server.server_close()


def _oid(content: bytes) -> str:
    return hashlib.sha1(content).hexdigest()
