//! Rows 7 and 10: the real binary with many visitors and no work: its calls, writes, CPU and memory.

use std::time::{Duration, Instant};

use jiff::{Timestamp, ToSpan, Zoned};
use serde_json::json;

use crate::Fallible;
use crate::api_server::Writes;
use crate::building::{Building, Guest, ZONE};
use crate::child::Usage;
use crate::report::{Report, Row};
use crate::sightings::Sightings;
use crate::simulator::Simulator;
use crate::stage::Stage;
use crate::subject;

/// One in this number of visitors has a visit today, the others on another day.
const INSIDE: usize = 10;

/// The cost of the time at rest.
struct Rest {
    calls: u64,
    writes: u64,
    leases: f64,
    cpu: f64,
    usage: Usage,
    start: Duration,
}

/// Measures our controller, with the real clock.
pub(crate) async fn measure(stage: &Stage, report: &mut Report) -> Fallible {
    let count = stage.options.visitors;
    let empty = run(stage, "rest-empty", 0, Duration::from_secs(1)).await?;
    let full = run(stage, "rest-full", count, stage.options.watched).await?;
    let seconds = stage.options.watched.as_secs();
    let row = |id, what: String, limit, ours, unit, bar| Row {
        id,
        what,
        limit: Some(limit),
        naive: None,
        ours,
        unit,
        bar: Some(bar),
    };
    let at_rest = format!("at rest with {count} visitors, {seconds} s");
    report.row(row("P7a", format!("vendor calls {at_rest}"), 0.0, full.calls as f64, "calls", 0.0));
    report.row(row(
        "P7b",
        format!("API writes beside the lease {at_rest}"),
        0.0,
        full.writes as f64,
        "writes",
        0.0,
    ));
    report.row(row("P7c", format!("CPU {at_rest}"), 0.0, full.cpu * 1e3, "mCPU", 5.0));
    let per_visitor = full.usage.rss.saturating_sub(empty.usage.rss) as f64 / count as f64;
    let peak = full.usage.peak as f64 / full.usage.rss as f64;
    let what = format!("memory per visitor, (RSS at {count} - RSS at 0) / {count}");
    report.row(row("P10a", what, 161.0, per_visitor, "B", 2_048.0));
    report.row(row("P10b", "peak / steady over start and list".to_owned(), 1.0, peak, "x", 1.5));
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    report.remark(format!(
        "P10: RSS {:.1} MiB at 0, {:.1} MiB at {count} (peak {:.1}); P7: {:.0} lease writes an hour in the cluster; restart to all listed {:.2} s at {count}, {:.2} s at 0",
        mib(empty.usage.rss), mib(full.usage.rss), mib(full.usage.peak), full.leases,
        full.start.as_secs_f64(), empty.start.as_secs_f64()
    ));
    report.fact("rss_empty_bytes", json!(empty.usage.rss));
    report.fact("rss_full_bytes", json!(full.usage.rss));
    Ok(())
}

async fn run(stage: &Stage, name: &str, count: usize, watched: Duration) -> Fallible<Rest> {
    let simulator = Simulator::start(&stage.out, &format!("{name}-sim"), Timestamp::now()).await?;
    let building = Building::make(&stage.client, name, &[("tower", &simulator.url)]).await?;
    if count > 0 {
        fill(stage, &building, count).await?;
    }
    let begun = Instant::now();
    let process = subject::start_binary(stage, &building, &format!("{name}-measured")).await?;
    let start = begun.elapsed();
    // Without visitors there are no statuses to write.
    let quiet = if count == 0 { stage.options.pause() } else { stage.options.quiet() };
    let before = Writes::at_rest(&stage.client, quiet).await?;
    simulator.quiet_calls(stage.options.pause()).await?;
    simulator.clear_calls().await?;
    let cpu = process.usage()?.cpu;
    let begun = Instant::now();
    tokio::time::sleep(watched).await;
    let (usage, seconds) = (process.usage()?, begun.elapsed().as_secs_f64());
    let writes = Writes::read(&stage.client).await?.since(&before);
    let calls = simulator.calls().await?.total;
    println!(
        "      {count} visitors: {calls} calls, writes: {writes}, {:.1} MiB",
        usage.rss as f64 / 1_048_576.0
    );
    process.kill().await?;
    simulator.stop().await?;
    let kinds = ["visitors", "properties", "accessintegrations", "tenants", "events"];
    Ok(Rest {
        calls,
        writes: writes.of(&kinds),
        leases: writes.of(&["leases"]) as f64 / seconds * 3600.0,
        cpu: (usage.cpu - cpu) / seconds,
        usage,
        start,
    })
}

/// Creates visitors and lets another process sync them, so that the measured process finds everything in sync.
async fn fill(stage: &Stage, building: &Building, count: usize) -> Fallible {
    let seen = Sightings::start(building.visitors());
    let process = subject::start_binary(stage, building, &format!("{}-filling", building.namespace)).await?;
    // The zone of the bench may be before or after midnight. Three days around today include today in every zone.
    let today = Zoned::now().in_tz(ZONE)?.date();
    let inside = (today.checked_sub(1.day())?, today.checked_add(2.days())?);
    let later = (today.checked_add(30.days())?, today.checked_add(30.days())?);
    let begun = Instant::now();
    for chunk in 0..count.div_ceil(2_000) {
        let numbers = chunk * 2_000..count.min((chunk + 1) * 2_000);
        let guest = |number: usize| Guest {
            name: format!("visitor-{number:06}"),
            property: "tower",
            days: if number.is_multiple_of(INSIDE) { inside } else { later },
        };
        building.invite(numbers.clone().map(guest)).await?;
        println!("      {} of {count} visitors after {:.0} s", numbers.end, begun.elapsed().as_secs_f64());
    }
    let within = count.div_ceil(INSIDE);
    seen.counts(&[("Succeeded", within), ("Scheduled", count - within)]).await?;
    println!("      all in sync after {:.0} s", begun.elapsed().as_secs_f64());
    process.kill().await
}
