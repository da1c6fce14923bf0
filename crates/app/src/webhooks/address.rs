//! Where webhooks may go: never into our own network (SSRF).

use reqwest::Url;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Which addresses an installation sends webhooks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressRule {
    /// Public https addresses only.
    PublicHttps,
    /// Also http to loopback addresses; only for the environment `test`.
    LoopbackToo,
}

/// Why an address is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressRefusal {
    /// Not a URL, or one with user, password or fragment.
    Malformed,
    /// Not https.
    Scheme,
    /// A private, local or reserved address.
    Forbidden,
}

/// Whether a webhook may be sent to this URL, as far as its text tells; the resolved address is checked
/// again by [`forbidden`] when connecting.
pub fn check_url(text: &str, rule: AddressRule) -> Result<Url, AddressRefusal> {
    let url = Url::parse(text).map_err(|_| AddressRefusal::Malformed)?;
    let host = url.host().ok_or(AddressRefusal::Scheme)?;
    let loopback = match &host {
        url::Host::Ipv4(ip) => ip.is_loopback(),
        url::Host::Ipv6(ip) => ip.is_loopback(),
        url::Host::Domain(name) => *name == "localhost",
    };
    let excepted = loopback && rule == AddressRule::LoopbackToo;
    match url.scheme() {
        "https" => {}
        "http" if excepted => {}
        _ => return Err(AddressRefusal::Scheme),
    }
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    if !plain || text.len() > 2_000 {
        return Err(AddressRefusal::Malformed);
    }
    let refused = match host {
        url::Host::Ipv4(ip) => forbidden(IpAddr::V4(ip), rule),
        url::Host::Ipv6(ip) => forbidden(IpAddr::V6(ip), rule),
        url::Host::Domain(name) => forbidden_name(name) && !excepted,
    };
    if refused { Err(AddressRefusal::Forbidden) } else { Ok(url) }
}

fn forbidden_name(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let local = [".local", ".internal", ".localhost", ".lan", ".home.arpa"];
    name == "localhost" || !name.contains('.') || local.iter().any(|suffix| name.ends_with(suffix))
}

/// Whether nothing may be sent to this address.
#[must_use]
pub fn forbidden(ip: IpAddr, rule: AddressRule) -> bool {
    if rule == AddressRule::LoopbackToo && ip.is_loopback() {
        return false;
    }
    match ip {
        IpAddr::V4(ip) => forbidden_v4(ip),
        IpAddr::V6(ip) => forbidden_v6(ip),
    }
}

/// Everything that is not global unicast by the IANA IPv4 special-purpose registry.
fn forbidden_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_broadcast()
        || ip.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (18..20).contains(&b))
}

/// Everything outside 2000::/3, and the ranges in it that carry an IPv4 address or are for documentation.
fn forbidden_v6(ip: Ipv6Addr) -> bool {
    let [first, second, ..] = ip.segments();
    if let Some(v4) = ip.to_ipv4_mapped() {
        return forbidden_v4(v4);
    }
    let global = (0x2000..0x4000).contains(&first);
    let teredo = first == 0x2001 && second == 0;
    let documentation = first == 0x2001 && second == 0x0db8 || first == 0x3fff;
    let six_to_four = first == 0x2002;
    !global || teredo || documentation || six_to_four
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_and_odd_addresses_are_refused() {
        let refused = [
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://0.0.0.0/",
            "https://10.0.0.1/",
            "https://172.16.0.1/",
            "https://192.168.1.1/",
            "https://[fc00::1]/",
            "https://[fe80::1]/",
            "https://169.254.169.254/latest",
            "https://100.100.100.200/",
            "https://100.64.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://0177.0.0.1/",
            "https://127.1/",
            "https://localhost/",
            "https://LOCALHOST./",
            "https://db/",
            "https://x.internal/",
            "https://[2002:7f00:1::]/",
            "https://198.18.0.1/",
            "https://224.0.0.1/",
            "https://255.255.255.255/",
            "https://[64:ff9b::7f00:1]/",
        ];
        for url in refused {
            assert_eq!(
                check_url(url, AddressRule::PublicHttps).unwrap_err(),
                AddressRefusal::Forbidden,
                "{url}"
            );
        }
    }

    #[test]
    fn only_https_is_a_scheme_for_webhooks() {
        for url in [
            "http://shop.example.com/",
            "file:///etc/passwd",
            "gopher://shop.example.com/",
            "ftp://a.example.com",
        ] {
            assert_eq!(
                check_url(url, AddressRule::PublicHttps).unwrap_err(),
                AddressRefusal::Scheme,
                "{url}"
            );
        }
        for url in ["", "shop", "https://user:pw@shop.example.com/", "https://shop.example.com/#x"] {
            assert_eq!(
                check_url(url, AddressRule::PublicHttps).unwrap_err(),
                AddressRefusal::Malformed,
                "{url}"
            );
        }
        assert!(check_url("https://shop.example.com/hooks?a=1", AddressRule::PublicHttps).is_ok());
    }

    #[test]
    fn loopback_is_for_tests_only() {
        let url = "http://127.0.0.1:9000/hook";
        assert!(check_url(url, AddressRule::LoopbackToo).is_ok());
        assert_eq!(check_url(url, AddressRule::PublicHttps).unwrap_err(), AddressRefusal::Scheme);
        assert_eq!(
            check_url("http://10.0.0.1/", AddressRule::LoopbackToo).unwrap_err(),
            AddressRefusal::Scheme
        );
        assert_eq!(
            check_url("https://10.0.0.1/", AddressRule::LoopbackToo).unwrap_err(),
            AddressRefusal::Forbidden
        );
    }
}
