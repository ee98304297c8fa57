"""The application: model, endpoint sockets, ESP dataplane, inner namespaces, edge, CLI and labs."""

__version__ = "0.1.0"
