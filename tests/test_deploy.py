"""deploy/: nginx with its own configuration before two real replicas, one of which is killed while it swaps."""

import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx
import pytest
import yaml  # type: ignore[import-untyped]
from conftest import FIRST, ROOT, SECOND, Served, free_port, serve
from gradio_client import Client, handle_file  # type: ignore[import-untyped]
from test_app import example, until

from seqdisent_core.limits import PREFIX, limits, limits_of

TEMPLATE = ROOT / "deploy" / "nginx.conf.template"
BELOW = "/faces"  # the path of another site under which the demo is served


def filled_in(values: dict[str, str]) -> str:
    """The configuration of nginx, as its container and `envsubst` fill it in."""
    return re.sub(r"\$\{(\w+)\}", lambda name: values[name[1]], TEMPLATE.read_text(encoding="utf-8"))


class Site(NamedTuple):
    """nginx, which listens at `address`, before the app in this process and the same in another."""

    address: str
    here: Served
    other: "subprocess.Popen[bytes]"

    def is_here(self, config: dict[str, Any]) -> bool:
        """Whether what an app says of itself comes from the one in this process."""
        return bool(config["app_id"] == self.here.demo.app_id)


FILMS = [handle_file(str(example(name))) for name in (FIRST, SECOND)]


def is_up(address: str) -> bool:
    try:
        return httpx.get(f"{address}health").status_code == 200
    except httpx.ConnectError:
        return False


@contextmanager
def process(*command: str | Path, **environment: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A program that runs meanwhile."""
    with subprocess.Popen(command, cwd=ROOT, env=os.environ | environment) as one:
        try:
            yield one
        finally:
            one.kill()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Both replicas believe the proxy, under a path of its site, and have a small limit of uploads."""
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if nginx is None:
        pytest.skip("nginx is not installed")
    folder, port = tmp_path_factory.mktemp("site"), free_port()
    told = {f"{PREFIX}PROXIES": "127.0.0.1", f"{PREFIX}VISITOR_MEGABYTES": "2", "GRADIO_ROOT_PATH": BELOW}
    with ExitStack() as running:
        patch = running.enter_context(pytest.MonkeyPatch.context())
        for name, value in told.items():
            patch.setenv(name, value)
        kept = str(folder / "other")
        other = running.enter_context(
            process(sys.executable, "app.py", "--port", str(port), GRADIO_TEMP_DIR=kept, OMP_NUM_THREADS="1")
        )
        limits.cache_clear()
        here = running.enter_context(serve(folder / "here"))
        patch.undo()
        limits.cache_clear()
        until(lambda: is_up(f"http://127.0.0.1:{port}/"))
        values = {
            "SEQDISENT_LISTEN": f"127.0.0.1:{free_port()}",
            "SEQDISENT_FIRST": urlsplit(here.address).netloc,
            "SEQDISENT_SECOND": f"127.0.0.1:{port}",
            "SEQDISENT_PATH": BELOW,
        }
        (folder / "site.conf").write_text(filled_in(values))
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        folders = " ".join(f"{kind}_temp_path {folder / kind};" for kind in kinds)
        around = f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log; events {{}}"
        whole = f"{around} http {{ access_log off; {folders} include {folder}/site.conf; }}"
        (folder / "nginx.conf").write_text(whole)
        running.enter_context(process(nginx, "-e", folder / "error.log", "-c", folder / "nginx.conf"))
        address = f"http://{values['SEQDISENT_LISTEN']}{BELOW}/"
        until(lambda: is_up(address))
        yield Site(address, here, other)


def test_addresses_come_from_the_proxy_and_not_from_what_a_visitor_says(site: Site) -> None:
    def send(claimed: str, address: str) -> int:
        from_there = httpx.HTTPTransport(local_address=address)
        with httpx.Client(transport=from_there, cookies={"seqdisent_visitor": "one"}, timeout=60) as visitor:
            film = {"files": ("film.mp4", b"\0" * 1_200_000)}
            told = {"x-forwarded-for": claimed}
            return visitor.post(f"{site.address}gradio_api/upload", headers=told, files=film).status_code

    assert [send(f"10.0.0.{number}", "127.0.0.3") for number in (1, 2)] == [200, 413]
    assert send("10.0.0.2", "127.0.0.4") == 200, "somebody else may"


def test_the_health_of_a_replica_is_not_for_visitors(site: Site) -> None:
    paths = ("health/swap", "health/swap/", f"{BELOW[1:]}/health/swap")  # one goes at nginx, one at the replica
    assert [httpx.get(f"{site.address}{path}", timeout=60).status_code for path in paths] == [404] * len(paths)
    swapped = httpx.get(f"{site.here.address}health/swap", timeout=60)
    assert (swapped.status_code, swapped.json()) == (200, {"status": "ok"})


def test_a_path_without_its_slash_leads_to_the_page_at_whatever_port_visitors_have(site: Site) -> None:
    answer = httpx.get(site.address.rstrip("/"))
    assert (answer.status_code, answer.headers["location"]) == (301, f"{BELOW}/")


def test_a_link_to_share_opens_at_whichever_replica_is_asked(site: Site) -> None:
    token = "A-link_of_22_letters--"
    film = site.here.folder / "shared" / "somebody" / f"{token}.0000.mp4"
    film.parent.mkdir(parents=True)
    film.write_bytes(b"film")
    link = f"{site.address}shared/{token}"
    answers = [httpx.get(link, headers={"accept": "text/html"}) for _ in range(8)]
    assert [answer.status_code for answer in answers] == [200] * 8
    assert httpx.get(f"{link}.mp4").content == b"film"


def test_visitors_stay_with_a_replica_until_it_is_killed_and_then_swap_at_the_other(site: Site) -> None:
    begun = [httpx.get(f"{site.address}config") for _ in range(8)]
    later = [httpx.get(f"{site.address}config", cookies=dict(one.cookies)) for one in begun]
    assert [site.is_here(one.json()) for one in begun] == [site.is_here(one.json()) for one in later]
    assert all("set-cookie" in one.headers for one in begun) and not any("set-cookie" in one.headers for one in later)
    page = httpx.get(site.address, headers={"accept": "text/html"})
    assert page.status_code == 200 and f"Path={BELOW}/; HttpOnly" in page.headers["set-cookie"]
    assert "set-cookie" not in httpx.get(f"{site.address}health").headers, "what follows the page keeps its replica"
    assert httpx.get(f"{site.address}shared/{'A' * 22}").status_code == 404, "neither replica has a film there"
    clients = (Client(site.address, verbose=False) for _ in range(30))
    client = next(client for client in clients if not site.is_here(client.config))
    swapping = client.submit(*FILMS, 60, 1, "all", api_name="/swap")
    until(lambda: swapping.status().code.name == "ITERATING")
    site.other.kill()
    with pytest.raises(concurrent.futures.CancelledError):  # at once, by the client: it does not wait for what is gone
        swapping.result(timeout=60)
    films = client.predict(*FILMS, 0, 1, "all", api_name="/swap")
    assert all(Path(film).stat().st_size > 1000 for film in films[:2])
    assert len([*site.here.folder.rglob("*_moved_by_*.mp4")]) == 2


def test_replicas_of_the_recipe_keep_files_in_folders_of_their_own() -> None:
    recipe = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")
    started = re.findall(r"^(.*)python app\.py --port", recipe, re.MULTILINE)
    folders = [re.search(r"GRADIO_TEMP_DIR=(\S+)", line) for line in started]
    assert len({folder[1] for folder in folders if folder}) == len(started) == 2


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
        allowed = limits_of(own)
        assert services[name]["mem_limit"] == "4g"
        assert allowed.readings * allowed.decoder_megabytes <= 2048, "what remains is the server's own"
        assert allowed.proxies == proxy["networks"]["inside"]["ipv4_address"]
    # An address that Docker chooses may be the proxy's, or be another later: nginx asks for names only once.
    addresses = {ip_address(one["networks"]["inside"]["ipv4_address"]) for one in services.values()}
    (inside,) = whole["networks"]["inside"]["ipam"]["config"]
    assert len(addresses) == len(services)
    assert all(address in [*ip_network(inside["subnet"]).hosts()][1:] for address in addresses), "the first is Docker's"
