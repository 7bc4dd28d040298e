//! Where we may connect to: never to a link-local address, to this machine only if the controller allows it
//! (design 3.19). Literal addresses are judged when the client is made, names each time they are resolved.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// An address or name that must not be connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RefusedAddress {
    /// Metadata services of clouds live there.
    LinkLocal,
    /// This machine.
    Loopback,
    /// No single host.
    Nowhere,
}

impl fmt::Display for RefusedAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LinkLocal => "its address is link-local, which is never connected to",
            Self::Loopback => "its address is of this machine, which the controller does not allow",
            Self::Nowhere => "its address is of no single host",
        })
    }
}

impl std::error::Error for RefusedAddress {}

/// Judges one address.
pub(super) fn judge(address: IpAddr, allow_loopback: bool) -> Result<(), RefusedAddress> {
    match plain(address) {
        IpAddr::V4(v4) if v4.is_link_local() => Err(RefusedAddress::LinkLocal),
        IpAddr::V6(v6) if v6.is_unicast_link_local() => Err(RefusedAddress::LinkLocal),
        ip if ip.is_multicast() || ip == IpAddr::V4(Ipv4Addr::BROADCAST) => Err(RefusedAddress::Nowhere),
        // The unspecified address connects to this machine, too.
        ip if (ip.is_loopback() || ip.is_unspecified()) && !allow_loopback => Err(RefusedAddress::Loopback),
        _ => Ok(()),
    }
}

/// The IPv4 address inside an IPv6 one: mapped, or behind NAT64 (RFC 6052).
fn plain(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().or_else(|| behind_nat64(v6)).map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

fn behind_nat64(address: Ipv6Addr) -> Option<Ipv4Addr> {
    match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
        }
        _ => None,
    }
}

/// Judges the host of a URL as it is written.
pub(super) fn judge_host(url: &Url, allow_loopback: bool) -> Result<(), RefusedAddress> {
    match url.host() {
        Some(Host::Ipv4(v4)) => judge(v4.into(), allow_loopback),
        Some(Host::Ipv6(v6)) => judge(v6.into(), allow_loopback),
        Some(Host::Domain(name)) if is_local(name) && !allow_loopback => Err(RefusedAddress::Loopback),
        Some(Host::Domain(_)) => Ok(()),
        None => Err(RefusedAddress::Nowhere),
    }
}

/// RFC 6761: `localhost` and everything below it is this machine.
fn is_local(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

/// Resolves names as the machine does and judges every address found: the name is not asked twice, so that a
/// second answer cannot lead elsewhere.
#[derive(Clone, Copy, Debug)]
pub(super) struct JudgingResolver {
    pub(super) allow_loopback: bool,
}

impl Resolve for JudgingResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_loopback = self.allow_loopback;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            for address in &found {
                judge(address.ip(), allow_loopback)?;
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(url: &str, allow_loopback: bool) -> Option<RefusedAddress> {
        judge_host(&url.parse().unwrap(), allow_loopback).err()
    }

    #[test]
    fn link_local_is_refused_in_every_spelling_and_whatever_is_allowed() {
        for url in [
            "http://169.254.169.254",
            "http://0xa9fea9fe",
            "http://2852039166/",
            "http://[fe80::1]",
            "http://[::ffff:169.254.169.254]",
            "http://[64:ff9b::a9fe:a9fe]",
        ] {
            assert_eq!(host(url, true), Some(RefusedAddress::LinkLocal), "{url}");
        }
    }

    #[test]
    fn this_machine_is_refused_unless_it_is_allowed() {
        for url in [
            "http://127.0.0.1",
            "http://127.1",
            "http://0.0.0.0",
            "http://[::1]",
            "http://[::]",
            "http://[::ffff:127.0.0.1]",
            "http://localhost",
            "http://LocalHost.",
            "http://box.localhost",
        ] {
            assert_eq!(host(url, false), Some(RefusedAddress::Loopback), "{url}");
            assert_eq!(host(url, true), None, "{url}");
        }
    }

    #[test]
    fn addresses_of_buildings_are_allowed() {
        for url in
            ["http://10.1.2.3", "https://192.168.0.9:8443", "https://netbox.example.org", "http://[fd00::9]"]
        {
            assert_eq!(host(url, false), None, "{url}");
        }
        assert_eq!(host("http://224.0.0.1", true), Some(RefusedAddress::Nowhere));
    }

    #[tokio::test]
    async fn a_name_that_resolves_to_this_machine_is_refused_when_it_is_resolved() {
        let resolver = JudgingResolver { allow_loopback: false };
        let refused = resolver.resolve("localhost".parse().unwrap()).await.err().unwrap();
        assert_eq!(refused.downcast_ref(), Some(&RefusedAddress::Loopback));
        let allowed = JudgingResolver { allow_loopback: true }.resolve("localhost".parse().unwrap()).await;
        assert!(allowed.is_ok_and(|mut found| found.next().is_some()));
    }
}
