//! The addresses that the controller may connect to: never a link-local address or a cloud's metadata service, and this
//! machine only if the controller allows it (design 3.19), in every form of IPv6 notation. A literal address is checked
//! when the client is created, a name each time it is resolved.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// The reason why an address or name must not be connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::system) enum RefusedAddress {
    /// A link-local address: metadata services of clouds use such addresses.
    LinkLocal,
    /// The metadata service of a cloud: it gives credentials to every program on the machine.
    Metadata,
    /// An address of this machine.
    Loopback,
    /// Not the address of a single host.
    Nowhere,
}

impl fmt::Display for RefusedAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LinkLocal => "its address is link-local, which is never connected to",
            Self::Metadata => "its address is the metadata service of a cloud, which is never connected to",
            Self::Loopback => "its address is one of this machine's own, which the controller does not allow",
            Self::Nowhere => "its address is not that of a single host",
        })
    }
}

impl std::error::Error for RefusedAddress {}

/// Metadata services whose address is not link-local: those of Azure and Alibaba Cloud.
const METADATA_V4: [Ipv4Addr; 2] = [Ipv4Addr::new(168, 63, 129, 16), Ipv4Addr::new(100, 100, 100, 200)];

/// The metadata service of Google Cloud. That of AWS is one of several services below one prefix.
const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254);

/// Checks one address, and every IPv4 address that it embeds.
pub(in crate::system) fn judge(address: IpAddr, allow_loopback: bool) -> Result<(), RefusedAddress> {
    if let IpAddr::V6(v6) = address {
        embedded(v6).into_iter().flatten().try_for_each(|v4| judge_one(v4.into(), allow_loopback))?;
    }
    judge_one(address, allow_loopback)
}

fn judge_one(address: IpAddr, allow_loopback: bool) -> Result<(), RefusedAddress> {
    match address {
        IpAddr::V4(v4) if v4.is_link_local() => Err(RefusedAddress::LinkLocal),
        IpAddr::V6(v6) if v6.is_unicast_link_local() => Err(RefusedAddress::LinkLocal),
        IpAddr::V4(v4) if METADATA_V4.contains(&v4) => Err(RefusedAddress::Metadata),
        IpAddr::V6(v6) if v6 == METADATA_V6 || v6.segments().starts_with(&[0xfd00, 0xec2]) => {
            Err(RefusedAddress::Metadata)
        }
        ip if ip.is_multicast() || ip == IpAddr::V4(Ipv4Addr::BROADCAST) => Err(RefusedAddress::Nowhere),
        // A connection to the unspecified address reaches this machine, too.
        ip if (ip.is_loopback() || ip.is_unspecified()) && !allow_loopback => Err(RefusedAddress::Loopback),
        _ => Ok(()),
    }
}

/// The IPv4 addresses that an IPv6 address may lead to, by the forms defined in registries and RFCs.
fn embedded(address: Ipv6Addr) -> [Option<Ipv4Addr>; 2] {
    let v4 = |high: u16, low: u16| Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)));
    match address.segments() {
        // Unspecified and loopback, which would match the next form.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => [None, None],
        // Compatible and mapped (RFC 4291), translated (RFC 2765), NAT64 (RFC 6052), 6to4 (RFC 3056), and ISATAP below any
        // prefix (RFC 5214).
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..]
        | [_, _, _, _, 0 | 0x200, 0x5efe, high, low] => [v4(high, low), None],
        // NAT64 with a prefix of the site's own (RFC 8215), of 96 or of 48 bits. The ninth octet is skipped.
        [0x64, 0xff9b, 1, first, second, third, high, low] => {
            [v4(high, low), v4(first, second << 8 | third >> 8)]
        }
        // Teredo (RFC 4380): the address of its server, and that of the client with every bit inverted.
        [0x2001, 0, high, low, _, _, client_high, client_low] => {
            [v4(high, low), v4(!client_high, !client_low)]
        }
        _ => [None, None],
    }
}

/// Checks the host of a URL as it is written.
pub(in crate::system) fn judge_host(url: &Url, allow_loopback: bool) -> Result<(), RefusedAddress> {
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

/// Resolves names as the machine does and checks every address found. The name is resolved once, so that a second
/// answer cannot lead elsewhere.
#[derive(Clone, Copy, Debug)]
pub(in crate::system) struct JudgingResolver {
    pub(in crate::system) allow_loopback: bool,
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
            "http://[::169.254.169.254]",
            "http://[::ffff:0:169.254.169.254]",
            "http://[64:ff9b:1::a9fe:a9fe]",
            "http://[64:ff9b:1:a9fe:a9:fe00::]",
            "http://[2002:a9fe:a9fe::1]",
            "http://[2001:0:a9fe:a9fe::1]",
            "http://[2001:0:101:101::5601:5601]",
            "http://[2001:db8::5efe:169.254.169.254]",
            "http://[2001:db8::200:5efe:169.254.169.254]",
        ] {
            assert_eq!(host(url, true), Some(RefusedAddress::LinkLocal), "{url}");
        }
    }

    #[test]
    fn metadata_services_are_refused_wherever_they_are() {
        for url in [
            "http://[fd00:ec2::254]",
            "http://[fd00:ec2::23]",
            "http://[fd20:ce::254]",
            "http://168.63.129.16",
            "http://100.100.100.200",
            "http://[::ffff:168.63.129.16]",
            "http://[2002:a83f:8110::]",
        ] {
            assert_eq!(host(url, true), Some(RefusedAddress::Metadata), "{url}");
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
            "http://[::127.0.0.1]",
            "http://[64:ff9b::7f00:1]",
            "http://[2002:7f00:1::]",
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
        for url in [
            "http://10.1.2.3",
            "https://192.168.0.9:8443",
            "https://netbox.example.org",
            "http://[fd00::9]",
            "http://[2001:db8::9]",
            "http://[2002:a01:203::1]",
            "http://[64:ff9b::a01:203]",
            "http://[::ffff:10.1.2.3]",
        ] {
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
