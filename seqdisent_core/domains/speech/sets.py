"""Sets of recordings with their speakers: what is stored of them, and how speakers are divided."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from seqdisent_core.data import Labels, read_packed, write_packed
from seqdisent_core.errors import DataError

FOLDS = 4  # of a set without a test of its own
_CHOICE = 0.2  # of the speakers: on them settings are chosen, and they are in no training and no test
_ENOUGH = 10  # speakers that leave two for each part
_ARRAYS = "recordings.npz"
PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class SpeechSet:
    """Recordings of 16 kHz, mono.

    * audio: int16 (samples,), all recordings end to end; recording i is audio[offsets[i]:offsets[i + 1]]; offsets:
      int64 (recordings + 1,). names: of the recordings.
    * speaker: of each recording; test: bool (recordings,), those of the corpus's own test speakers, nowhere True where
      it has none.
    * credit: whom to cite, and the licence. genders: "f" or "m" of each of the speakers' names, empty where the corpus
      does not say; they are in no hash.
    """

    name: str
    names: tuple[str, ...]
    audio: np.ndarray
    offsets: np.ndarray
    speaker: Labels
    test: np.ndarray
    credit: str = ""
    genders: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.names)

    def recording(self, number: int) -> np.ndarray:
        """Samples float32 (n,) in [-1, 1]."""
        return self.audio[self.offsets[number] : self.offsets[number + 1]].astype(np.float32) / 32768

    @property
    def folds(self) -> int:
        """In how many ways the speakers are divided: one where the corpus says which are its test."""
        return 1 if self.test.any() else FOLDS

    def rows(self, part: str, fold: int = 0) -> np.ndarray:
        """Numbers of the recordings of a part of PARTS, int (n,); no speaker is in two parts of a fold.

        A fifth of the speakers, of the training ones where the corpus has its test, is the validation of every fold.
        The others take turns as the test.
        """
        own_test = np.unique(self.speaker.values[self.test])
        free = np.setdiff1d(np.arange(len(self.speaker.names)), own_test)
        order = np.random.default_rng(0).permutation(free)
        size = max(1, round(_CHOICE * len(free)))
        validation, others = order[:size], order[size:]
        test = own_test if len(own_test) else others[fold % FOLDS :: FOLDS]
        speakers = {"validation": validation, "test": test, "train": np.setdiff1d(others, test)}[part]
        if len(speakers) < 2:  # whom else could a speaker be taken for?
            raise DataError(f"{self.name} has too few {part} speakers, {len(speakers)}. Give {_ENOUGH} or more in all.")
        return np.flatnonzero(np.isin(self.speaker.values, speakers))

    def sha256(self) -> str:
        """SHA-256 (hex) of sound, speakers and test: the same for the same set, wherever it lies."""
        digest = hashlib.sha256(repr((self.names, self.speaker.names, self.offsets.tolist())).encode())
        digest.update(self.audio.astype("<i2").tobytes())
        digest.update(self.speaker.values.astype("<i8").tobytes() + np.packbits(self.test).tobytes())
        return digest.hexdigest()

    def save(self, folder: Path) -> None:
        """Writes set.json and recordings.npz. Raises DataError where the folder holds anything else."""
        arrays = {"names": np.array(self.names), "audio": self.audio, "offsets": self.offsets}
        arrays |= {"speaker": self.speaker.values, "test": self.test}
        about = {"name": self.name, "recordings": len(self), "speakers": self.speaker.names}
        about |= {"credit": self.credit, "genders": self.genders}
        write_packed(folder, "speech", _ARRAYS, self, about, arrays)

    @classmethod
    def load(cls, folder: str | Path) -> "SpeechSet":
        """A set that `save` wrote. Raises DataError where it is missing, damaged or no set of speech."""

        def made(about: dict[str, Any], arrays: dict[str, np.ndarray]) -> "SpeechSet":
            return cls(
                about["name"],
                tuple(map(str, arrays["names"])),
                arrays["audio"],
                arrays["offsets"],
                Labels(arrays["speaker"], tuple(about["speakers"])),
                arrays["test"],
                about["credit"],
                tuple(about.get("genders", ())),  # which sets packed before do not have
            )

        return read_packed(Path(folder), "speech", _ARRAYS, made)

    @classmethod
    def of(
        cls,
        name: str,
        recordings: Iterator[tuple[str, str, bool, np.ndarray]],
        credit: str,
        genders: Mapping[str, str] = MappingProxyType({}),
    ) -> "SpeechSet":
        """A set of (name, speaker, whether it is a test, samples int16) each; genders: "f" or "m" by speaker."""
        names, speakers, tests, sounds = zip(*recordings, strict=True)
        offsets = np.concatenate([[0], np.cumsum([len(sound) for sound in sounds])]).astype(np.int64)
        labels = Labels.of(speakers)
        told = tuple(genders[speaker] for speaker in labels.names) if genders else ()
        return cls(name, names, np.concatenate(sounds), offsets, labels, np.array(tests), credit, told)
