"""`python -m ndl_graph` is `ndl-graph`."""

from ndl_graph.cli import main

if __name__ == "__main__":
    main()
