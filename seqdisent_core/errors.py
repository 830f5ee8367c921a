"""Everything that can go wrong with what a person gave us, said in a sentence they can act on."""


class SeqdisentError(Exception):
    """Head of the family: catch this one to show a message instead of a traceback."""


class VideoError(SeqdisentError):
    """A media file cannot be read or written."""


class FaceError(SeqdisentError):
    """A clip has no face that can be followed."""


class DataError(SeqdisentError):
    """A set of labelled clips is missing, incomplete or mislabelled."""


class ConfigError(SeqdisentError):
    """A setting or a checkpoint does not fit."""
