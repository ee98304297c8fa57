"""The BGP side: renders, supervises and reads ExaBGP (a child process); owns the RIB."""
