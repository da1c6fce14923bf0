//! After the trouble: nothing is guessed, so everything open has to be asked about until it is known.

use crate::merchant::Merchant;
use crate::town::{LOOK_EVERY, Process, Town};
use serde_json::Value;

/// How far the clocks move between two rounds, seconds: past leases, expiry and its grace, then past longer pauses.
const STEPS_S: [u32; 10] = [61, 1_301, 601, 601, 3_601, 3_601, 7_201, 14_401, 28_801, 43_201];
/// Looks without any change after which a round has nothing more to do now.
const STILL_LOOKS: u32 = 40;
/// Looks that a round may take.
const ROUND_LOOKS_MAX: u32 = 2_400;

/// Lets the channel report and the server ask until nothing is open; the server that runs then, and the rounds.
pub async fn heal(town: &Town, merchant: &Merchant) -> (Process, usize) {
    for (round, step_s) in STEPS_S.into_iter().enumerate() {
        let server = town.start(0, None).await;
        town.channel.flush().await;
        if settled(town, merchant).await == 0 {
            town.channel.flush().await;
            assert_eq!(settled(town, merchant).await, 0, "the channel opened something again");
            return (server, round + 1);
        }
        server.kill();
        town.verify();
        town.advance(step_s).await;
    }
    let server = town.start(0, None).await;
    let left = left_open(merchant).await;
    server.kill();
    panic!("still open after all rounds: {left:#?}\n{}", town.log_tail());
}

/// Waits until nothing is open or nothing changes any more, and says how much is open.
async fn settled(town: &Town, merchant: &Merchant) -> usize {
    let (mut last, mut still) = ((usize::MAX, i64::MAX), 0);
    for _ in 0..ROUND_LOOKS_MAX {
        let now = (open(merchant).await, town.channel.pending().await);
        still = if now == last { still + 1 } else { 0 };
        last = now;
        if still >= STILL_LOOKS || now.0 == 0 && still >= STILL_LOOKS / 4 {
            break;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    last.0
}

const OPEN: [&str; 6] = [
    "/v1/payments?status=requires_method",
    "/v1/payments?status=requires_action",
    "/v1/payments?status=processing",
    "/v1/refunds?status=approved",
    "/v1/refunds?status=processing",
    "/v1/deliveries?status=pending",
];

async fn open(merchant: &Merchant) -> usize {
    let mut count = 0;
    for path in OPEN {
        count += merchant.get(&format!("{path}&limit=100")).await["data"].as_array().unwrap().len();
    }
    count
}

async fn left_open(merchant: &Merchant) -> Vec<Value> {
    let mut found = Vec::new();
    for path in OPEN {
        let path =
            if path.contains("payments") { format!("{path}&expand[]=attempts") } else { path.to_owned() };
        found.extend(merchant.list(&path).await);
    }
    found
}
