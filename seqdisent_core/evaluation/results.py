"""Result files: one schema for every figure that is shown anywhere, with what is needed to make it again."""

import json
import os
import platform
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch

from seqdisent_core.checkpoints import sha256_of
from seqdisent_core.clips import Clips
from seqdisent_core.evaluation.judge import Judge, accuracy, check_judge, read_clips
from seqdisent_core.evaluation.protocols import encode_clips, reconstruction_figures, swap_figures
from seqdisent_core.methods import Method
from seqdisent_core.training import as_training_tensor

Figure = dict[str, float | int]


def figure(values: list[float]) -> Figure:
    """Mean and (sample) standard deviation over repeats."""
    return {
        "mean": float(np.mean(values)),
        "std": float(np.std(values, ddof=1)) if len(values) > 1 else 0.0,
        "n": len(values),
    }


def hardware(device: torch.device) -> str:
    """The GPU or processor that `device` is, in words."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device.type == "mps":
        return f"Apple GPU ({_processor()})"
    return f"{os.cpu_count()} CPU cores ({platform.machine()}, {_processor()})"


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown"


def evaluate(
    model: Method,
    judge: Judge,
    clips: Clips,
    *,
    command: str,
    checkpoint: Path,
    judge_folder: Path,
    training: dict[str, Any],
    seed: int = 0,
    repeats: int = 5,
    progress: Callable[[str], None] = lambda stage: None,
) -> dict[str, Any]:
    """All figures of a checkpoint on a set's test split, by the schema in docs/results.md.

    Swaps are paired anew in each repeat; what has no draw in it is measured once (n = 1). `training` is what the
    checkpoint says of its own making. Raises DataError where the judge is not the set's.
    """
    check_judge(judge, clips)
    test = clips.part("test")
    progress("judging real clips")
    real = read_clips(judge, as_training_tensor(test))
    progress("reconstructing")
    codes = encode_clips(model, as_training_tensor(test))
    rebuilt = reconstruction_figures(model, judge, test, codes)
    swaps = []
    for repeat in range(repeats):
        progress(f"swapping, pairing {repeat + 1} of {repeats}")
        swaps.append(swap_figures(model, judge, test, codes, np.random.default_rng([seed, repeat])))
    return {
        "command": command,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "seed": seed,
        "repeats": repeats,
        "hardware": hardware(model.device),
        "model": {
            "method": model.name,
            "variant": model.config.to_dict().get("variant", "full"),
            "checkpoint_sha256": sha256_of(checkpoint),
            "parameters": sum(p.numel() for p in model.parameters()),
            "frame_size": model.frame_size,
        },
        "data": {"name": clips.name, "split": "test", "clips": len(test.person), "sha256": test.sha256()},
        "training": training,
        "judge": {
            "sha256": sha256_of(judge_folder),
            "accuracy": {
                "person": figure([accuracy(real.person, test.person)]),
                "expression": figure([accuracy(real.expression, test.expression)]),
            },
        },
        "metrics": {
            "reconstruction": {
                "psnr": figure([rebuilt.psnr]),
                "ssim": figure([rebuilt.ssim]),
                "person": figure([rebuilt.person]),
                "expression": figure([rebuilt.expression]),
            },
            "swap": {
                "person": figure([swap.person for swap in swaps]),
                "expression": figure([swap.expression for swap in swaps]),
                "expression_confusion": np.sum([swap.expression_confusion for swap in swaps], axis=0).tolist(),
            },
        },
        "chance": {"person": 1 / len(clips.persons), "expression": 1 / len(clips.expressions)},
        "expressions": list(clips.expressions),
    }


def write_result(result: dict[str, Any], path: Path) -> None:
    """Write a result file, indented, with a closing newline."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1, sort_keys=False) + "\n", encoding="utf-8")
