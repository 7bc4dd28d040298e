//! Row 5: one system hangs with work pending. Measures the visitors of another system, and the calls to the hung one.

use std::time::{Duration, Instant};

use crate::Fallible;
use crate::building::{Building, Guest};
use crate::latency::{one_by_one, spread};
use crate::report::{Report, Row};
use crate::sightings::Sightings;
use crate::simulator::Simulator;
use crate::stage::Stage;
use crate::subject::Subject;
use crate::time;

/// The time between two probes, in seconds.
const PERIOD: f64 = 30.0;

/// The shortest time between two calls to a system that hangs, in seconds.
const SPARED: f64 = 5.0;

/// The effect of a system that hangs.
struct Blast {
    before: Vec<Duration>,
    during: Vec<Duration>,
    calls_to_it: u64,
    watched: f64,
    grown: f64,
}

/// Measures both.
pub(crate) async fn measure(stage: &Stage, report: &mut Report) -> Fallible {
    let mut blasts = Vec::new();
    for subject in Subject::BOTH {
        let blast = run(stage, subject).await?;
        println!("      {} before: {}", subject.name(), spread(&blast.before));
        println!("      {} during: {}", subject.name(), spread(&blast.during));
        blasts.push(blast);
    }
    let [ours, naive] = &blasts[..] else { return Err("there are two subjects".into()) };
    let p99 = |times: &[Duration]| time::ms(time::percentile(times, 99.0));
    let ratio = |blast: &Blast| p99(&blast.during) / p99(&blast.before);
    let row = |id, what: &str, limit, naive, ours, unit, bar| {
        let (limit, naive, bar) = (Some(limit), Some(naive), Some(bar));
        Row { id, what: what.to_owned(), limit, naive, ours, unit, bar }
    };
    let what = "p99 of visitors elsewhere while one system hangs / before";
    report.row(row("P5a", what, 1.0, ratio(naive), ratio(ours), "x", 1.20));
    let seconds = ours.watched;
    let calls = |blast: &Blast| blast.calls_to_it as f64 / (blast.watched / SPARED).ceil();
    let what = format!("calls to the system that hangs, for each {SPARED:.0} s begun of {seconds:.0} s");
    report.row(row("P5b", &what, SPARED / PERIOD, calls(naive), calls(ours), "calls", 1.0));
    report.row(row("P5c", "memory while it hangs", 0.0, naive.grown, ours.grown, "MiB more", 8.0));
    report.remark(format!("P5 ours: before {}; during {}", spread(&ours.before), spread(&ours.during)));
    Ok(())
}

async fn run(stage: &Stage, subject: Subject) -> Fallible<Blast> {
    let pending = 2 * stage.options.side;
    let name = format!("blast-{}", subject.name());
    let healthy = Simulator::start(&stage.out, &format!("{name}-healthy"), time::noon()).await?;
    let hung = Simulator::start(&stage.out, &format!("{name}-hung"), time::noon()).await?;
    let systems = [("north", healthy.url.as_str()), ("south", hung.url.as_str())];
    let building = Building::make(&stage.client, &name, &systems).await?;
    let seen = Sightings::start(building.visitors());
    let process = subject.start(stage, &building, time::noon()).await?;
    healthy.profile(stage.options.latency()).await?;
    let today = time::day(0);
    let south = |number| Guest { name: format!("south-{number}"), property: "south", days: (today, today) };
    // Afterwards both logins are done, and every path was used once.
    building.invite([south(0)]).await?;
    seen.counts(&[("Succeeded", 1)]).await?;
    one_by_one(5, "warm", "north", &building, &seen).await?;
    // Long enough to include the periodic work of an API server.
    let before = until(stage.options.watched / 2, "before", &building, &seen).await?;
    hung.hang().await?;
    hung.clear_calls().await?;
    let rss = process.usage()?.rss;
    let begun = Instant::now();
    building.invite((1..=pending).map(south)).await?;
    let rest = stage.options.watched.saturating_sub(begun.elapsed());
    let during = until(rest, "during", &building, &seen).await?;
    let blast = Blast {
        before,
        during,
        calls_to_it: hung.calls().await?.total,
        watched: begun.elapsed().as_secs_f64(),
        grown: (process.usage()?.rss as f64 - rss as f64) / f64::from(1 << 20),
    };
    process.kill().await?;
    healthy.stop().await?;
    hung.stop().await?;
    Ok(blast)
}

/// Times visitors of the healthy property, one after another, for this duration, and at least ten.
async fn until(rest: Duration, word: &str, building: &Building, seen: &Sightings) -> Fallible<Vec<Duration>> {
    let (mut times, begun) = (Vec::new(), Instant::now());
    while times.is_empty() || begun.elapsed() < rest {
        let word = format!("{word}-{}", times.len());
        times.extend(one_by_one(10, &word, "north", building, seen).await?);
    }
    Ok(times)
}
