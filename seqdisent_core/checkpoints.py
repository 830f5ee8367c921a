"""A saved network is a folder: config.json, model.safetensors and a model card; its hash names it in result files."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import torch
from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save, save_file
from torch import Tensor

from seqdisent_core.assets import asset
from seqdisent_core.errors import ConfigError
from seqdisent_core.weights import WEIGHTS, check_shipped, sha256_of

CONFIG = "config.json"
_Network = TypeVar("_Network", bound=torch.nn.Module)
_LARGE = 4096  # beyond any size that a network here has: first its shapes are compared with what is stored
SHIPPED = ("facekit52", "wild", "sprites", "air_quality", "speech")  # models that come with the package


def write_network(
    folder: Path, config: dict[str, Any], state: dict[str, Tensor], card: str, *, half: bool = False
) -> None:
    """Write a network's folder; with `half`, matrices and kernels are stored in float16 and all else as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file(_stored(state, half), folder / WEIGHTS)
    (folder / WEIGHTS).chmod(0o644)  # safetensors writes for the owner alone
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(card, encoding="utf-8")


def _stored(state: dict[str, Tensor], half: bool) -> dict[str, Tensor]:
    return {
        name: (value.half() if half and value.ndim >= 2 else value).detach().cpu().contiguous()
        for name, value in state.items()
    }


def read_network(source: str | Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Configuration and float32 weights of a folder, or of a Hugging Face Hub id such as "owner/name".

    Raises ConfigError if there is no such folder or model, or a file of it is missing or damaged.
    """
    folder = checkpoint_folder(source)
    check_shipped(folder / WEIGHTS)
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        state = load_file(folder / WEIGHTS)
    except FileNotFoundError as error:
        raise ConfigError(f"{folder} is not a checkpoint: {Path(error.filename or WEIGHTS).name} is missing.") from None
    except OSError as error:
        raise ConfigError(f"The checkpoint {folder} cannot be read ({error}). Fetch or train it again.") from None
    except (ValueError, RecursionError, SafetensorError):  # no JSON, or no text at all; JSON that is nested too deep
        raise ConfigError(f"The checkpoint {folder} is damaged. Fetch or train it again.") from None
    if not isinstance(config, dict):
        raise ConfigError(f"{folder / CONFIG} holds no settings by name. Fetch or train the checkpoint again.")
    return config, {name: value.float() if value.is_floating_point() else value for name, value in state.items()}


def checkpoint_folder(source: str | Path, **download: Any) -> Path:
    """The shipped folder of that name, the folder itself, or a copy of the model with that id on the Hugging Face Hub.

    download: what snapshot_download takes for that: revision, token, cache_dir, ... Raises ConfigError where it is
    none of them, a Path that is two of them, or the Hub cannot be reached.
    """
    if str(source) in SHIPPED:
        if isinstance(source, Path) and (source / CONFIG).exists():  # as Path("./wild") is Path("wild")
            raise ConfigError(
                f"{source} is a checkpoint's folder here and a model that comes with the package. Give the folder by "
                "its full path, or rename it."
            )
        return asset(f"checkpoints/{source}")
    if Path(source).is_dir():
        return Path(source).absolute()  # which is no model's name
    try:
        return Path(snapshot_download(str(source), allow_patterns=["*.json", "*.safetensors", "README.md"], **download))
    except (HFValidationError, HfHubHTTPError, LocalEntryNotFoundError):
        raise ConfigError(
            f"{source} is neither a folder here nor a model on the Hugging Face Hub, or the Hub cannot be reached. "
            f"With the package come {', '.join(SHIPPED)}."
        ) from None


def is_stored_half(folder: Path) -> bool:
    """Whether a checkpoint's weights were written with `half`."""
    with safe_open(folder / WEIGHTS, "pt") as file:
        return any(file.get_slice(name).get_dtype() == "F16" for name in file.keys())  # noqa: SIM118


def copy_what_goes_along(source: Path, folder: Path) -> None:
    """Copies what lies beside a checkpoint's weights (its card among it) to where the very same weights were saved.

    Other weights stay without: what was measured, fitted and said of the first ones does not hold for them.
    """
    if sha256_of(source) != sha256_of(folder):
        return
    for file in source.iterdir():
        of_the_model = file.suffix in (".json", ".safetensors") or file.name == "README.md"  # nothing private beside it
        if of_the_model and file.name not in (CONFIG, WEIGHTS):
            shutil.copyfile(file, folder / file.name)


def check_replaceable(folder: Path, state: dict[str, Tensor], *, half: bool) -> None:
    """Raises ConfigError where a folder holds what was fitted to or measured of other weights than these."""
    weights = folder / WEIGHTS
    if weights.exists() and sha256_of(folder) != hashlib.sha256(save(_stored(state, half))).hexdigest():
        raise ConfigError(f"{folder} holds other weights, and what was measured of them. Save into a new folder.")


def new_network(
    build: Callable[[], _Network], config: dict[str, Any], state: dict[str, Tensor], source: str | Path
) -> _Network:
    """What `build` makes of a checkpoint's settings.

    Raises ConfigError where they are wrong, or where they ask for memory that the stored weights would not fill.
    """
    try:
        if _largest(config) > _LARGE:
            with torch.device("meta"):  # which holds shapes alone
                needed = sum(value.numel() for value in build().state_dict().values())
            if needed != sum(value.numel() for value in state.values()):
                raise ConfigError(f"Its weights are not of the sizes in its {CONFIG}.")
        return build()
    except ConfigError as error:
        raise ConfigError(f"The checkpoint {source} cannot be loaded. {error}") from None
    except RuntimeError:  # so torch says that memory does not suffice, or that there are too many values to count
        raise ConfigError(f"The checkpoint {source} cannot be loaded: its {CONFIG} has sizes too large.") from None


def _largest(settings: Any) -> int:
    """The largest whole number among settings, 0 where there is none."""
    if isinstance(settings, dict | list):
        values = settings.values() if isinstance(settings, dict) else settings
        return max(map(_largest, values), default=0)
    return settings if isinstance(settings, int) else 0


def load_weights(network: torch.nn.Module, state: dict[str, Tensor], source: str | Path) -> None:
    """Fill a network; raises ConfigError where names or shapes of the weights are not the network's own."""
    try:
        network.load_state_dict(state)
    except RuntimeError:
        raise ConfigError(f"The weights in {source} do not fit its {CONFIG}. Fetch or train it again.") from None


def read_training(checkpoint: Path) -> dict[str, Any]:
    """What a checkpoint's training.json says of its making. Raises ConfigError where it is missing or damaged."""
    path = checkpoint / "training.json"
    try:
        training = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{checkpoint} does not say how it was trained: its training.json is missing.") from None
    except (ValueError, RecursionError):  # no JSON, or no text at all; JSON that is nested too deep
        training = None
    if not isinstance(training, dict):
        raise ConfigError(f"{path} is damaged: it does not say how the model was trained. Fetch the checkpoint again.")
    return training
