//! Runs seeds from the command line: `simulate SEEDS [START] [SWEEP]`.
#![allow(clippy::print_stdout)]

fn main() {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u64>().unwrap_or(0));
    let seeds = arguments.next().unwrap_or(100);
    let start = arguments.next().unwrap_or(1);
    let sweep = arguments.next().unwrap_or(0);
    let summary = tillkeeper_sim::run(&tillkeeper_sim::Options {
        seeds,
        start,
        sweep,
        planted: cfg!(feature = "planted"),
    });
    println!("{}", serde_json::to_string_pretty(&summary).unwrap_or_default());
}
