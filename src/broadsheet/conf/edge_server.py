"""One process for readers' pages, as `serve --edge-port` starts it: `python -m broadsheet.conf.edge_server HOST PORT THREADS`."""

from __future__ import annotations

import gc
import sys

import uvloop

from broadsheet.conf.wsgi import application
from broadsheet.edge.server import PageServer


def main() -> None:
    """Serve until told to stop."""
    host, port, threads = sys.argv[1:]
    gc.freeze()  # the program itself is never garbage; looking through it would hold every reader up for a tenth of a second
    uvloop.run(PageServer(application, threads=int(threads)).serve(host, int(port)))


if __name__ == "__main__":
    main()
