"""The agents' edge: the Model Context Protocol over HTTP and over standard input and output, for reading only."""

from ndl_graph.mcp.server import AgentServer

__all__ = ["AgentServer"]
