//! A receiver that is unbound after its share was agreed.

use crate::channel_splits::{NET, books, bound, collected, told, world};
use crate::kit::{CONTRACT, PRICE, TENANT, World};
use tk_domain::audit::Origin;
use tk_domain::id::{SplitId, SplitReceiverId};
use tk_domain::report::Source;
use tk_domain::split::{
    Binding, RECEIVER_UNBOUND, ReceiverFinding, RemoveSplitReceiver, SplitFinding, SplitState,
    TakeReceiverReport, withheld,
};

fn unbind(world: &mut World) -> SplitReceiverId {
    let receiver_id = bound(world, "2088000000000001");
    let remove = RemoveSplitReceiver { tenant_id: TENANT, receiver_id, origin: Origin::system() };
    assert_eq!(world.run(&remove).unwrap().status, Binding::Unbinding);
    receiver_id
}

fn unbound(world: &mut World) {
    let (receiver_id, finding) = (unbind(world), ReceiverFinding::Unbound);
    let origin = Origin::channel(CONTRACT);
    let report = TakeReceiverReport { tenant_id: TENANT, receiver_id, finding, origin };
    assert_eq!(world.run(&report).unwrap().status, Binding::Unbound);
}

/// What a worker that takes the split finds instead of saying it.
fn found(world: &mut World, split_id: SplitId) -> Option<SplitFinding> {
    world.claim(split_id);
    let split = world.snapshot.splits.get(&(TENANT, split_id)).unwrap();
    let own = world.snapshot.split_lines.iter().filter(|line| line.split_id == split_id);
    let shares: Vec<_> = own
        .map(|line| {
            let key = (TENANT, line.to_receiver_id.unwrap());
            (line.clone(), world.snapshot.split_receivers.get(&key).unwrap().clone())
        })
        .collect();
    let report = withheld(world.instruction(split_id), split, &shares)?;
    assert_eq!(report.source, Source::Reply);
    Some(report.finding)
}

#[test]
fn a_share_of_who_was_unbound_before_it_was_said_is_refused_here_and_told() {
    let mut world = world();
    let (_, split_id) = collected(&mut world);
    unbound(&mut world);
    let finding = found(&mut world, split_id).unwrap();
    assert!(matches!(&finding, SplitFinding::Failed { code, .. } if code == RECEIVER_UNBOUND), "{finding:?}");
    assert_eq!(told(&mut world, split_id, Source::Reply, finding), SplitState::Failed);
    assert_eq!((books(&world), world.exceptions()), ([PRICE, 0, -NET], vec!["split_failed open".to_owned()]));
    assert_eq!(world.next(split_id), "done");
}

#[test]
fn a_split_waits_until_it_is_known_whether_its_receiver_is_bound() {
    let mut world = world();
    let (_, split_id) = collected(&mut world);
    let receiver_id = unbind(&mut world);
    assert_eq!(found(&mut world, split_id), Some(SplitFinding::NotSent));
    assert_eq!(told(&mut world, split_id, Source::Reply, SplitFinding::NotSent), SplitState::Pending);
    assert!(world.next(split_id).starts_with("split+"));
    let refused = ReceiverFinding::Refused { code: "SYSTEM".to_owned(), message: String::new() };
    let origin = Origin::channel(CONTRACT);
    world.run(&TakeReceiverReport { tenant_id: TENANT, receiver_id, finding: refused, origin }).unwrap();
    assert_eq!(found(&mut world, split_id), None, "bound as before, it is said");
}

#[test]
fn what_the_channel_may_have_heard_of_only_the_channel_ends() {
    // A worker died with it.
    let mut died = world();
    let (_, split_id) = collected(&mut died);
    died.claim(split_id);
    unbound(&mut died);
    assert_eq!(found(&mut died, split_id), None);
    // Nobody knows what became of it.
    let mut unknown = world();
    let (_, split_id) = collected(&mut unknown);
    unknown.claim(split_id);
    told(&mut unknown, split_id, Source::Reply, SplitFinding::Unclear);
    unbound(&mut unknown);
    assert_eq!(found(&mut unknown, split_id), None, "a question is asked all the same");
    told(&mut unknown, split_id, Source::Query, SplitFinding::NotFound);
    assert_eq!(found(&mut unknown, split_id), None);
    // The channel refused it for now every time that it was said: nothing took effect.
    let mut refused = world();
    let (_, split_id) = collected(&mut refused);
    refused.claim(split_id);
    let code = "INVALID_REQUEST".to_owned();
    told(&mut refused, split_id, Source::Reply, SplitFinding::NotYet { code, message: String::new() });
    unbound(&mut refused);
    assert!(matches!(found(&mut refused, split_id), Some(SplitFinding::Failed { .. })));
}
