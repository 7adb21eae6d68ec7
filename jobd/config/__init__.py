"""Configuration: `jobd.toml`, `jobd.d/*.toml` and the environment → `Config`, or every reason why not."""

from jobd.config.assemble import Report
from jobd.config.configuration import Config, show
from jobd.config.known import known_secrets
from jobd.config.load import current_digest, examine, load, load_text, taken

__all__ = ["Config", "Report", "current_digest", "examine", "known_secrets", "load", "load_text", "show", "taken"]
