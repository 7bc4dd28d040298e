//! Rows 1 and 2: a midnight at which visits begin and as many end, on a NetBox that takes one call at a time.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::Fallible;
use crate::api_server::Writes;
use crate::building::{Building, Guest};
use crate::options::WRITES_PER_CALL;
use crate::report::{Report, Row};
use crate::sightings::Sightings;
use crate::simulator::{Calls, Simulator};
use crate::stage::Stage;
use crate::subject::Subject;
use crate::time;

/// Entries of a page of `SearchPersonData`.
const PAGE: u64 = 100;

/// The baseline is stopped after this many times our duration, and is then scored by its progress.
const LENIENCE: u32 = 8;

/// The result of one midnight.
struct Midnight {
    /// From the jump to the last status; infinite if the last one never came.
    took: Duration,
    /// The number of statuses that had changed when our controller was done.
    progress: usize,
    calls: Calls,
    /// The smallest possible number of calls.
    fewest: u64,
    writes: Writes,
    cpu: f64,
}

/// Measures both, ABAB.
pub(crate) async fn measure(stage: &Stage, report: &mut Report) -> Fallible {
    let side = stage.options.side;
    let latency = stage.options.latency_in_charge(report.number("A_api"));
    let trip = round_trip(stage, latency).await?;
    let (mut ours, mut naive) = (Vec::new(), Vec::new());
    for round in 0..stage.options.rounds {
        println!("      round {} of {}: {side} in, {side} out", round + 1, stage.options.rounds);
        let mine = run(stage, Subject::Ours, round, latency, None).await?;
        tell(&mine, Subject::Ours, side);
        let theirs = run(stage, Subject::Naive, round, latency, Some(mine.took)).await?;
        tell(&theirs, Subject::Naive, side);
        ours.push(mine);
        naive.push(theirs);
    }
    let per_call = |runs: &[Midnight]| {
        time::median(runs.iter().map(|run| run.calls.served() as f64 / run.fewest as f64))
    };
    report.row(Row {
        id: "P1",
        what: format!("vendor calls per change, rollover of {side} in and {side} out"),
        limit: Some(1.0),
        naive: Some(per_call(&naive)),
        ours: per_call(&ours),
        unit: "calls / C_min",
        bar: Some(1.05),
    });
    let writes = time::median(ours.iter().map(|run| run.writes.of(&["visitors"]) as f64)) / (2 * side) as f64;
    let vendor = ours[0].fewest as f64 * trip.as_secs_f64();
    let rate = report.number("A_api");
    let api = WRITES_PER_CALL * (2 * side) as f64 / rate;
    let limit = vendor.max(api);
    let took = |runs: &[Midnight]| time::median(runs.iter().map(|run| run.took.as_secs_f64() / limit));
    report.row(Row {
        id: "P2",
        what: format!("rollover time, T_min = {limit:.2} s"),
        limit: Some(1.0),
        naive: Some(took(&naive)),
        ours: took(&ours),
        unit: "x T_min",
        bar: Some(1.10),
    });
    report.fact("C_min", json!(ours[0].fewest));
    report.fact("T_min_vendor_s", json!(vendor));
    report.fact("T_min_api_s", json!(api));
    report.fact("round_trip_ms", json!(time::ms(trip)));
    report.fact("rollover_writes_per_visitor", json!(writes));
    let verdict = if api > vendor {
        "the API server is the slower side: no verdict on P2"
    } else {
        "the NetBox is the slower side"
    };
    report.remark(format!(
        "C_min {} calls, L {latency:?} set and {trip:.2?} measured, W 1: {vendor:.2} s; API server 1.5 writes x {} / {rate:.0}/s: {api:.2} s; {verdict}",
        ours[0].fewest,
        2 * side
    ));
    let progress = time::median(naive.iter().map(|run| run.progress as f64 / (2 * side) as f64 * 100.0));
    report.remark(format!("when we were done the naive controller was at {progress:.0} % of its statuses"));
    Ok(())
}

fn tell(run: &Midnight, subject: Subject, side: usize) {
    println!(
        "      {}: {:.2} s, {} calls for a minimum of {} ({}), {:.2} writes a visitor ({}), {:.2} s of CPU",
        subject.name(),
        run.took.as_secs_f64(),
        run.calls.served(),
        run.fewest,
        run.calls,
        run.writes.of(&["visitors"]) as f64 / (2 * side) as f64,
        run.writes,
        run.cpu
    );
}

/// Visitors of one day, and the same number of visitors of the next.
pub(crate) fn guests(side: usize) -> impl Iterator<Item = Guest> {
    let guest = |name: String, day| Guest { name, property: "tower", days: (time::day(day), time::day(day)) };
    let out = (0..side).map(move |number| guest(format!("out-{number:05}"), 0));
    out.chain((0..side).map(move |number| guest(format!("in-{number:05}"), 1)))
}

async fn run(
    stage: &Stage,
    subject: Subject,
    round: usize,
    latency: Duration,
    ours: Option<Duration>,
) -> Fallible<Midnight> {
    let (side, name) = (stage.options.side, format!("rollover-{}-{round}", subject.name()));
    let simulator = Simulator::start(&stage.out, &format!("{name}-sim"), time::noon()).await?;
    let building = Building::make(&stage.client, &name, &[("tower", &simulator.url)]).await?;
    let seen = Sightings::start(building.visitors());
    building.invite(guests(side)).await?;
    let mut process = subject.start(stage, &building, time::noon()).await?;
    seen.counts(&[("Succeeded", side), ("Scheduled", side)]).await?;
    simulator.set_clock(time::evening(1)).await?;
    process.say(&format!("clock {}", time::evening(1))).await?;
    simulator.profile(latency).await?;
    simulator.quiet_calls(stage.options.pause()).await?;
    simulator.clear_calls().await?;
    let (before, cpu) = (Writes::read(&stage.client).await?, process.usage()?.cpu);
    simulator.set_clock(time::midnight(1)).await?;
    let jump = Instant::now();
    process.say(&format!("clock {}", time::midnight(1))).await?;
    let wanted = [("Succeeded", side), ("Expired", side)];
    let flipped = |seen: &Sightings| side - seen.count("Scheduled") + seen.count("Expired");
    let mut progress = 2 * side;
    let done = match ours {
        None => seen.counts_within(&wanted, Duration::from_mins(10)).await,
        Some(ours) => {
            let at_once = seen.counts_within(&wanted, ours).await;
            progress = flipped(&seen);
            at_once || seen.counts_within(&wanted, ours * (LENIENCE - 1)).await
        }
    };
    let last = seen.last_change(&["Succeeded", "Expired"]).unwrap_or_else(Instant::now);
    let took = if done { last.duration_since(jump) } else { Duration::MAX };
    let calls = simulator.quiet_calls(stage.options.pause()).await?;
    // The best time to read removals back is after all removals and before the first addition.
    let between = simulator.living().await?.saturating_sub(side as u64);
    let fewest = between.div_ceil(PAGE) + 2 * side as u64;
    let writes = Writes::read(&stage.client).await?.since(&before);
    let cpu = process.usage()?.cpu - cpu;
    process.stop().await?;
    simulator.stop().await?;
    Ok(Midnight { took, progress, calls, fewest, writes, cpu })
}

/// The time of one call in a caller without other work: the shortest of several sequences.
async fn round_trip(stage: &Stage, latency: Duration) -> Fallible<Duration> {
    let simulator = Simulator::start(&stage.out, "round-trip-sim", time::noon()).await?;
    simulator.profile(latency).await?;
    let http = reqwest::Client::builder().no_proxy().build()?;
    let calls = if stage.options.quick { 10 } else { 50 };
    let body = r#"<NETBOX-API><COMMAND name="PingApp" num="1"></COMMAND></NETBOX-API>"#;
    let mut least = Duration::MAX;
    for _ in 0..4 {
        let begun = Instant::now();
        for _ in 0..calls {
            let url = format!("{}/nbws/goforms/nbapi", simulator.url);
            http.post(url).body(body).send().await?.bytes().await?;
        }
        least = least.min(begun.elapsed() / calls);
    }
    simulator.stop().await?;
    Ok(least)
}
