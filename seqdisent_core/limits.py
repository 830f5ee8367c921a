"""All limits of the demo and of the decoder in one place; each can be set by an environment variable.

`SEQDISENT_DEMO_UPLOAD_MEGABYTES=50` sets `upload_megabytes`. Defaults are meant for a public Space on two CPU cores.
"""

import functools
import json
import os
import re
from collections.abc import Mapping
from ipaddress import ip_network
from typing import Annotated, Any

from pydantic import Field

from seqdisent_core.errors import ConfigError
from seqdisent_core.settings import Settings, settings

PREFIX = "SEQDISENT_DEMO_"
_SPACE_PROXIES = "10.0.0.0/8"  # where requests to a Hugging Face Space come from
_CLUSTER = re.compile(r"|local|auto|[^\s:/]+:\d{1,5}")

# No more than the system's calls take, of megabytes in bytes and of seconds to wait.
Count = Annotated[int, Field(ge=1, le=10**9)]
Seconds = Annotated[float, Field(gt=0, le=1e9)]


@settings
class Limits(Settings):
    """What visitors of the demo may take, and how long what they bring is kept.

    * upload_megabytes, visitor_megabytes, all_megabytes: of uploads in one request, of one visitor and of everybody
      within `delete_seconds`; free_megabytes: of disk that stay free whatever comes.
    * body_kilobytes: of any other request.
    * waiting, session_waiting: jobs that may wait in all and of one page; address_jobs: that one address may have under
      way or waiting, readings included.
    * compute_seconds: that one address may compute within a minute while somebody else waits.
    * readings: films that are read at once; tuning_seconds: that a program may ask for.
    * proxies: addresses or networks, separated by commas, whose X-Forwarded-For is believed; in a Space, its own.
    * keep_seconds: until a clip that was read is forgotten, and an answer that nobody fetches; delete_seconds: until
      files are deleted, which is later; sweep_seconds: from one look at the files to the next; closed_seconds: until
      what a closed page held in memory is freed; left_seconds: from then on until files and clips of a visitor go who
      has opened no other page.
    * links: to films that one visitor may share at once, for `keep_seconds` each; links_megabytes: of all their films,
      a quarter of them from one address.
    * health_seconds: for which the swap holds that `/health/swap` has tried.
    * store_megabytes: of clips and tuned models in memory; who used theirs longest ago loses them first.
    * cluster: of Ray, which reads, tunes and makes films: "local", "auto" or the address host:port; none for this
      process. cluster_workers: of it, at most.
    * decoder_megabytes, encoder_megabytes: address space of the process that reads or writes one film. A film of 4K,
      the largest that is read, takes up to 0.8 GB; hostile ones may take all, `readings` at once: less than 2 GB.
    * decoder_seconds: processor time of either; film_megabytes: of a file that it writes.
    """

    upload_megabytes: Count = 200
    visitor_megabytes: Count = 1000
    all_megabytes: Count = 4000
    free_megabytes: Count = 500
    body_kilobytes: Count = 1024
    waiting: Count = 20
    session_waiting: Count = 2
    address_jobs: Count = 10
    compute_seconds: Seconds = 40.0
    readings: Count = 2
    tuning_seconds: Seconds = 60.0
    proxies: str = ""
    keep_seconds: Seconds = 1500.0
    delete_seconds: Seconds = 1800.0
    sweep_seconds: Seconds = 300.0
    closed_seconds: Seconds = 5.0
    left_seconds: Seconds = 30.0
    links: Count = 5
    links_megabytes: Count = 500
    health_seconds: Seconds = 300.0
    store_megabytes: Count = 1000
    cluster: str = ""
    cluster_workers: Count = 1000
    decoder_megabytes: Count = 900
    encoder_megabytes: Count = 4096
    decoder_seconds: Count = 240
    film_megabytes: Count = 2000

    def __post_init__(self) -> None:
        for place in filter(None, self.proxies.split(",")):
            try:
                ip_network(place.strip())
            except ValueError:
                raise ConfigError(
                    f"proxies has {place.strip()!r}; it must be addresses or networks such as 10.0.0.0/8."
                ) from None
        if not _CLUSTER.fullmatch(self.cluster):
            raise ConfigError(f"cluster is {self.cluster!r}; it must be local, auto or one such as 10.0.0.1:6379.")
        if self.delete_seconds <= self.keep_seconds:
            raise ConfigError("delete_seconds must be more than keep_seconds: a clip needs its file.")


def limits_of(environment: Mapping[str, str]) -> Limits:
    """The limits that an environment sets. Raises ConfigError for an unknown name with PREFIX or a wrong value."""
    given: dict[str, Any] = {"proxies": _SPACE_PROXIES} if environment.get("SPACE_ID") else {}
    for name, text in environment.items():
        if name.startswith(PREFIX):
            given[name.removeprefix(PREFIX).lower()] = text if name == f"{PREFIX}PROXIES" else _number(text)
    try:
        return Limits.from_dict(given)
    except ConfigError as error:
        raise ConfigError(f"Environment variables {PREFIX}...: {error}") from None


@functools.cache
def limits() -> Limits:
    """Those of this process, read from its environment once."""
    return limits_of(os.environ)


def _number(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
