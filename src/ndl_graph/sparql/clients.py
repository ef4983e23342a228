"""Who asks, so that workers and checks are shared out fairly."""

import ipaddress

__all__ = ["client_at"]


def client_at(host: str) -> str:
    """The client behind an address: an IPv4 address itself, however it is written; of IPv6 the network (RFC 6177).

    Whoever has an IPv6 network has all of its addresses, and could ask from another one each time.
    """
    try:
        address = ipaddress.ip_address(host.split("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
