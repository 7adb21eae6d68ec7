"""The dashboard, by its other name: see `jobctl top`."""

from jobd.jobctl import top
from jobd.jobctl.top import arguments, forms, run

EXAMPLES = top.EXAMPLES.replace("jobctl top", "jobctl dashboard")

__all__ = ["EXAMPLES", "arguments", "forms", "run"]
