//! Room for connections: for all together, and for each address, so that nobody takes everybody's.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// How many connections each address has.
#[derive(Debug, Default)]
pub struct Rooms {
    taken: Mutex<HashMap<IpAddr, usize>>,
}

/// One connection's place; free again when it is dropped.
#[derive(Debug)]
pub struct Place {
    rooms: Arc<Rooms>,
    whose: IpAddr,
}

impl Rooms {
    /// A place for a connection of this address; none while it has `most` of them.
    pub fn enter(self: &Arc<Self>, peer: IpAddr, most: usize) -> Option<Place> {
        let whose = neighbourhood(peer);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(whose).or_insert(0);
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Place { rooms: Arc::clone(self), whose })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.rooms.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.whose) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.whose);
            }
        }
    }
}

/// Whoever has one IPv6 address has the whole /64.
fn neighbourhood(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_its_places_and_no_more() {
        let rooms = Arc::new(Rooms::default());
        let [one, next, other] =
            ["2001:db8::1", "2001:db8::2", "::ffff:192.0.2.1"].map(|ip| ip.parse().unwrap());
        let places = [rooms.enter(one, 2), rooms.enter(next, 2)];
        assert!(places.iter().all(Option::is_some) && rooms.enter(one, 2).is_none(), "one /64 is one peer");
        assert!(rooms.enter(other, 2).is_some(), "another address has its own");
        drop(places);
        assert!(rooms.enter(one, 2).is_some(), "places come back");
        assert!(rooms.taken.lock().unwrap().is_empty(), "nobody is remembered who has left");
    }
}
