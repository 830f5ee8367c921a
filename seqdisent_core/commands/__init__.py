"""The commands of `seqdisent`, by topic: each module adds its own to the parser."""
