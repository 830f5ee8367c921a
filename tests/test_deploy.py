"""deploy/: nginx with its own configuration before two real replicas, one of which is killed while it swaps."""

import concurrent.futures
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import yaml  # type: ignore[import-untyped]
from conftest import FIRST, ROOT, SECOND, free_port
from gradio_client import Client, handle_file  # type: ignore[import-untyped]
from test_app import example, until

from seqdisent_core.limits import PREFIX, limits_of

TEMPLATE = ROOT / "deploy" / "nginx.conf.template"
BELOW = "/faces"  # the path of another site under which the demo is served


def filled_in(values: dict[str, str]) -> str:
    """The configuration of nginx, as its container and `envsubst` fill it in."""
    return re.sub(r"\$\{(\w+)\}", lambda name: values[name[1]], TEMPLATE.read_text(encoding="utf-8"))


class Replica(NamedTuple):
    process: "subprocess.Popen[bytes]"
    port: int
    folder: Path  # what visitors brought and got

    @property
    def is_up(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/health").status_code == 200
        except httpx.ConnectError:
            return False


class Site(NamedTuple):
    address: str
    replicas: list[Replica]

    def serves(self, client: Client) -> Replica:
        """The replica that has a client's films, which is one alone."""
        client.predict(*FILMS, 0, 1, "all", api_name="/swap")
        (found,) = [one for one in self.replicas if any(one.folder.rglob("*_moved_by_*.mp4"))]
        return found


FILMS = [handle_file(str(example(name))) for name in (FIRST, SECOND)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """nginx and two replicas that believe it, with a small limit of uploads."""
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if nginx is None:
        pytest.skip("nginx is not installed")
    folder, ports = tmp_path_factory.mktemp("site"), [free_port() for _ in range(3)]
    told = os.environ | {f"{PREFIX}PROXIES": "127.0.0.1", f"{PREFIX}VISITOR_MEGABYTES": "2", "GRADIO_ROOT_PATH": BELOW}
    replicas = []
    for port in ports[1:]:
        own = folder / str(port)
        command = [sys.executable, "app.py", "--port", str(port)]
        process = subprocess.Popen(command, cwd=ROOT, env=told | {"GRADIO_TEMP_DIR": str(own)})
        replicas.append(Replica(process, port, own))
    addresses = [f"127.0.0.1:{port}" for port in ports]
    names = ("SEQDISENT_LISTEN", "SEQDISENT_FIRST", "SEQDISENT_SECOND")
    (folder / "site.conf").write_text(filled_in(dict(zip(names, addresses, strict=True)) | {"SEQDISENT_PATH": BELOW}))
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    folders = " ".join(f"{kind}_temp_path {folder / kind};" for kind in kinds)
    around = f"daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}"
    whole = f"{around} http {{ access_log off; {folders} include {folder}/site.conf; }}"
    (folder / "nginx.conf").write_text(whole)
    try:
        until(lambda: all(one.is_up for one in replicas))
        proxy = subprocess.Popen([nginx, "-e", folder / "error.log", "-c", folder / "nginx.conf"])
        site = Site(f"http://127.0.0.1:{ports[0]}{BELOW}/", replicas)
        try:
            until(lambda: _answers(site))
            yield site
        finally:
            proxy.terminate()
            proxy.wait()
    finally:
        for one in replicas:
            one.process.kill()
            one.process.wait()


def _answers(site: Site) -> bool:
    try:
        return httpx.get(f"{site.address}health").status_code == 200
    except httpx.ConnectError:
        return False


def test_addresses_come_from_the_proxy_and_not_from_what_a_visitor_says(site: Site) -> None:
    def send(claimed: str, address: str) -> int:
        from_there = httpx.HTTPTransport(local_address=address)
        with httpx.Client(transport=from_there, cookies={"seqdisent_visitor": "one"}, timeout=60) as visitor:
            film = {"files": ("film.mp4", b"\0" * 1_200_000)}
            told = {"x-forwarded-for": claimed}
            return visitor.post(f"{site.address}gradio_api/upload", headers=told, files=film).status_code

    assert [send(f"10.0.0.{number}", "127.0.0.3") for number in (1, 2)] == [200, 413]
    assert send("10.0.0.2", "127.0.0.4") == 200, "somebody else may"


def test_visitors_stay_with_a_replica_and_the_health_of_one_is_not_for_them(site: Site) -> None:
    page = httpx.get(site.address, headers={"accept": "text/html"})
    assert page.status_code == 200 and f"Path={BELOW}/; HttpOnly" in page.headers["set-cookie"]
    again = httpx.get(site.address, headers={"accept": "text/html"}, cookies=dict(page.cookies))
    assert "set-cookie" not in again.headers
    assert "set-cookie" not in httpx.get(f"{site.address}health").headers, "what follows the page keeps its replica"
    assert httpx.get(f"{site.address}health/swap").status_code == 404
    swapped = httpx.get(f"http://127.0.0.1:{site.replicas[0].port}/health/swap", timeout=60)
    assert (swapped.status_code, swapped.json()) == (200, {"status": "ok"})


def test_who_swapped_at_a_replica_that_is_killed_swaps_at_the_other(site: Site) -> None:
    client = Client(site.address, verbose=False)
    first = site.serves(client)
    swapping = client.submit(*FILMS, 60, 1, "all", api_name="/swap")
    until(lambda: swapping.status().code.name == "ITERATING")
    first.process.send_signal(signal.SIGKILL)
    with pytest.raises(concurrent.futures.CancelledError):  # at once, by the client: it does not wait for what is gone
        swapping.result(timeout=60)
    films = client.predict(*FILMS, 0, 1, "all", api_name="/swap")
    assert all(Path(film).stat().st_size > 1000 for film in films[:2])
    (other,) = [one for one in site.replicas if one is not first]
    assert any(other.folder.rglob("*_moved_by_*.mp4"))


def test_the_containers_are_given_all_that_the_proxy_and_the_demo_ask_for() -> None:
    whole: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
    services, proxy = whole["services"], whole["services"]["proxy"]
    told = proxy["environment"]
    assert set(re.findall(r"\$\{(\w+)\}", TEMPLATE.read_text(encoding="utf-8"))) == set(told)
    assert [told[name] for name in ("SEQDISENT_FIRST", "SEQDISENT_SECOND")] == [f"{name}:7860" for name in services][:2]
    (mounted,) = proxy["volumes"]
    assert (ROOT / "deploy" / mounted.split(":")[0]).samefile(TEMPLATE)
    for name in proxy["depends_on"]:
        assert (ROOT / "deploy" / services[name]["build"] / "Dockerfile").exists()
        own = {key: value for key, value in services[name]["environment"].items() if key.startswith("SEQDISENT_")}
        assert limits_of(own).proxies == proxy["networks"]["inside"]["ipv4_address"]
