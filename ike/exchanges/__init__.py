"""The four exchanges of RFC 7296, one file each: a request's payloads in, the response's payloads out."""
