//! From where a request comes, and from where a key may be used.

use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The peer's address: of the connection, or, only if that is a trusted proxy, the last address in
/// `X-Forwarded-For` that is not a trusted proxy itself.
#[must_use]
pub fn peer(parts: &Parts, trusted: &[IpAddr]) -> IpAddr {
    let connection = parts
        .extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |info| info.0.ip().to_canonical());
    if !trusted.contains(&connection) {
        return connection;
    }
    let forwarded = parts.headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = forwarded.flat_map(|line| line.split(',')).map(str::trim).collect();
    for hop in hops.iter().rev() {
        match hop.parse::<IpAddr>() {
            Ok(ip) if trusted.contains(&ip.to_canonical()) => {}
            Ok(ip) => return ip.to_canonical(),
            Err(_) => return connection,
        }
    }
    connection
}

/// A block of addresses, such as `10.1.0.0/16`; an address alone is a block of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    base: IpAddr,
    bits: u32,
}

impl Block {
    /// Reads a block; anything malformed is nothing.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (base, bits) = text.split_once('/').map_or((text, None), |(base, bits)| (base, Some(bits)));
        let base: IpAddr = base.parse().ok()?;
        let width = if base.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            None => width,
            Some(bits) if bits.bytes().all(|byte| byte.is_ascii_digit()) => bits.parse().ok()?,
            Some(_) => return None,
        };
        (bits <= width).then_some(Self { base, bits })
    }

    /// Whether an address lies in the block.
    #[must_use]
    pub fn holds(&self, ip: IpAddr) -> bool {
        match (self.base, ip.to_canonical()) {
            (IpAddr::V4(base), IpAddr::V4(ip)) => {
                same_head(base.to_bits().into(), ip.to_bits().into(), self.bits, 32)
            }
            (IpAddr::V6(base), IpAddr::V6(ip)) => same_head(base.to_bits(), ip.to_bits(), self.bits, 128),
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

fn same_head(a: u128, b: u128, bits: u32, width: u32) -> bool {
    (a ^ b).checked_shr(width - bits).unwrap_or(0) == 0
}

/// Whether a key with this list (a JSON array of blocks; none allows all) may be used from an address.
/// A list that cannot be read allows nobody.
pub(super) fn allowed(list: Option<&str>, ip: IpAddr) -> bool {
    let Some(list) = list else { return true };
    let blocks: Vec<String> = serde_json::from_str(list).unwrap_or_default();
    blocks.iter().filter_map(|text| Block::parse(text)).any(|block| block.holds(ip))
}
