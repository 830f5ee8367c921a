"""How persons of the drawn sets are written on a page."""


def shown_name(name: str) -> str:
    """A person's name as a page writes it."""
    return name.replace("_", " ").capitalize()


def person_and_expression(stem: str) -> tuple[str, str]:
    """Of an example clip, "person_000_happiness": ("Person 000", "happiness")."""
    person, _, expression = stem.rpartition("_")
    return shown_name(person), expression
