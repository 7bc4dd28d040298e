//! Row 4: the time of one visitor from `kubectl apply` to Ready, at rest and in a rollover.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::Fallible;
use crate::building::{Building, Guest};
use crate::report::{Report, Row};
use crate::rollover::guests;
use crate::sightings::Sightings;
use crate::simulator::Simulator;
use crate::stage::Stage;
use crate::subject::Subject;
use crate::time;

/// The time that counts for a visitor that is not Ready within it.
const LONGEST: Duration = Duration::from_mins(1);

/// The shortest time between the creation of two visitors during a rollover.
const EVERY: Duration = Duration::from_millis(40);

/// Measures both, idle and in a rollover.
pub(crate) async fn measure(stage: &Stage, report: &mut Report) -> Fallible {
    let mut all = Vec::new();
    let crowd = stage.options.latency_in_charge(report.number("A_api"));
    for subject in Subject::BOTH {
        let (idle, busy) = run(stage, subject, crowd).await?;
        for (what, times) in [("idle", &idle), ("in a rollover", &busy)] {
            println!("      {}, {what}: {}", subject.name(), spread(times));
        }
        all.push((idle, busy));
    }
    let [ours, naive] = &all[..] else { return Err("there are two subjects".into()) };
    let p99 = |times: &[Duration]| time::ms(time::percentile(times, 99.0));
    let (trip, crowd) = (time::ms(stage.options.latency()), time::ms(crowd));
    let row = |id, what: String, limit, naive: &[Duration], ours: &[Duration], bar| Row {
        id,
        what: format!("one visitor, apply to Ready, p99 of {}, {what}", ours.len()),
        limit: Some(limit),
        naive: Some(p99(naive)),
        ours: p99(ours),
        unit: "ms",
        bar: Some(bar),
    };
    let side = stage.options.side;
    report.row(row("P4a", "idle".to_owned(), trip + 6.0, &naive.0, &ours.0, 2.0 * trip + 25.0));
    // No rate is set: the round trip of the call in flight takes the place of 1/R.
    let busy = format!("in a rollover of {side} + {side}, L {crowd:.0} ms");
    report.row(row("P4b", busy, 2.0 * crowd + 6.0, &naive.1, &ours.1, 4.0 * crowd + 50.0));
    report.remark(format!("P4 ours: idle {}; in a rollover {}", spread(&ours.0), spread(&ours.1)));
    Ok(())
}

/// The percentiles of a set of times.
pub(crate) fn spread(times: &[Duration]) -> String {
    let at = |percent| time::ms(time::percentile(times, percent));
    format!("p50 {:.1}, p90 {:.1}, p99 {:.1}, max {:.1} ms", at(50.0), at(90.0), at(99.0), at(100.0))
}

async fn run(stage: &Stage, subject: Subject, crowd: Duration) -> Fallible<(Vec<Duration>, Vec<Duration>)> {
    let (side, name) = (stage.options.side, format!("latency-{}", subject.name()));
    let simulator = Simulator::start(&stage.out, &format!("{name}-sim"), time::noon()).await?;
    let building = Arc::new(Building::make(&stage.client, &name, &[("tower", &simulator.url)]).await?);
    let seen = Arc::new(Sightings::start(building.visitors()));
    building.invite(guests(side)).await?;
    let mut process = subject.start(stage, &building, time::noon()).await?;
    seen.counts(&[("Succeeded", side), ("Scheduled", side)]).await?;
    simulator.profile(stage.options.latency()).await?;
    simulator.quiet_calls(stage.options.pause()).await?;
    let idle = one_by_one(stage.options.samples, "idle", "tower", &building, &seen).await?;
    simulator.set_clock(time::evening(1)).await?;
    process.say(&format!("clock {}", time::evening(1))).await?;
    simulator.quiet_calls(stage.options.pause()).await?;
    simulator.profile(crowd).await?;
    simulator.set_clock(time::midnight(1)).await?;
    process.say(&format!("clock {}", time::midnight(1))).await?;
    // The visitors are spread over the whole rollover: removals, the listing between, additions.
    let every = (crowd * (2 * side) as u32 / stage.options.samples as u32).max(EVERY);
    let busy = in_the_middle(stage.options.samples, every, &building, &seen, side).await?;
    process.stop().await?;
    simulator.stop().await?;
    Ok((idle, busy))
}

/// Creates visitors of the first day one after another, each when the one before is Ready.
pub(crate) async fn one_by_one(
    count: usize,
    word: &str,
    property: &'static str,
    building: &Building,
    seen: &Sightings,
) -> Fallible<Vec<Duration>> {
    let (mut times, today) = (Vec::new(), time::day(0));
    for number in 0..count {
        let guest = Guest { name: format!("{word}-{number}"), property, days: (today, today) };
        times.push(one(guest, building, seen).await?);
        // A varying pause, so that the samples do not synchronise with periodic work.
        tokio::time::sleep(Duration::from_millis(3 + (number as u64 * 7) % 11)).await;
    }
    Ok(times)
}

/// Creates a visitor and waits until it is Ready.
pub(crate) async fn one(guest: Guest, building: &Building, seen: &Sightings) -> Fallible<Duration> {
    let begun = Instant::now();
    building.invite_one(&guest).await?;
    let at = seen.sees(&guest.name, "Succeeded", LONGEST).await;
    Ok(at.map_or(LONGEST, |at| at.duration_since(begun)))
}

/// Creates visitors at a steady rate during the rollover. The rate does not depend on the time that each takes.
async fn in_the_middle(
    most: usize,
    every: Duration,
    building: &Arc<Building>,
    seen: &Arc<Sightings>,
    side: usize,
) -> Fallible<Vec<Duration>> {
    let mut tasks = tokio::task::JoinSet::new();
    let mut ticks = tokio::time::interval(every);
    for number in 0..most {
        ticks.tick().await;
        if seen.count("Expired") >= side && seen.count("Scheduled") == 0 {
            break;
        }
        let guest =
            Guest { name: format!("mid-{number}"), property: "tower", days: (time::day(1), time::day(1)) };
        let (building, seen) = (Arc::clone(building), Arc::clone(seen));
        tasks.spawn(async move { Ok((number, one(guest, &building, &seen).await?)) });
    }
    let mut times: Vec<(usize, Duration)> = tasks.join_all().await.into_iter().collect::<Fallible<_>>()?;
    times.sort_unstable_by_key(|(number, _)| *number);
    // In the order of their creation, which shows the part of the rollover in which visitors wait.
    let words: Vec<String> = times.iter().map(|(_, time)| format!("{:.0}", time::ms(*time))).collect();
    println!("      one every {every:?}, ms: {}", words.join(" "));
    Ok(times.into_iter().map(|(_, time)| time).collect())
}
