//! Row 8: the API writes for one visitor, from its creation until it is gone.

use std::time::Duration;

use crate::Fallible;
use crate::api_server::Writes;
use crate::building::{Building, Guest};
use crate::report::{Report, Row};
use crate::sightings::Sightings;
use crate::simulator::Simulator;
use crate::stage::Stage;
use crate::subject::Subject;
use crate::time;

/// The counts for a number of visitors.
struct Lives {
    writes: f64,
    beside: f64,
    refused: u64,
    without_effect: u64,
}

/// Measures both.
pub(crate) async fn measure(stage: &Stage, report: &mut Report) -> Fallible {
    let count = if stage.options.quick { 40 } else { 200 };
    let mut lives = Vec::new();
    for subject in Subject::BOTH {
        lives.push(run(stage, subject, count).await?);
    }
    let [ours, naive] = &lives[..] else { return Err("there are two subjects".into()) };
    report.row(Row {
        id: "P8",
        what: format!("API writes per visitor, create to gone, over {count}"),
        // The status, and a finalizer that is set and removed.
        limit: Some(3.0),
        naive: Some(naive.writes),
        ours: ours.writes,
        unit: "writes",
        bar: Some(3.0),
    });
    report.row(Row {
        id: "P8n",
        what: "writes without effect, and writes refused".to_owned(),
        limit: Some(0.0),
        naive: Some((naive.without_effect + naive.refused) as f64),
        ours: (ours.without_effect + ours.refused) as f64,
        unit: "of all these",
        bar: None,
    });
    report.remark(format!(
        "P8: other kinds of ours and Events took {:.2} writes a visitor (naive {:.2})",
        ours.beside, naive.beside
    ));
    Ok(())
}

async fn run(stage: &Stage, subject: Subject, count: usize) -> Fallible<Lives> {
    let name = format!("writes-{}", subject.name());
    let simulator = Simulator::start(&stage.out, &format!("{name}-sim"), time::noon()).await?;
    let building = Building::make(&stage.client, &name, &[("tower", &simulator.url)]).await?;
    let seen = Sightings::start(building.visitors());
    let process = subject.start(stage, &building, time::noon()).await?;
    simulator.quiet_calls(Duration::from_secs(1)).await?;
    let (before, events) = (Writes::read(&stage.client).await?, seen.events());
    let today = time::day(0);
    let guest = |number| Guest { name: format!("v-{number}"), property: "tower", days: (today, today) };
    building.invite((0..count).map(guest)).await?;
    seen.counts(&[("Succeeded", count)]).await?;
    let names = (0..count).map(|number| guest(number).name).collect();
    building.send_off(names, &seen).await?;
    simulator.quiet_calls(stage.options.pause()).await?;
    let (writes, events) = (Writes::read(&stage.client).await?.since(&before), seen.events() - events);
    println!("      {}: {writes}; {events} changes seen", subject.name());
    process.stop().await?;
    simulator.stop().await?;
    let (all, theirs) = (writes.of(&["visitors"]), 2 * count as u64);
    let beside = ["properties", "accessintegrations", "tenants", "events"];
    Ok(Lives {
        // Creation and deletion are the user's.
        writes: (all - theirs) as f64 / count as f64,
        beside: writes.of(&beside) as f64 / count as f64,
        refused: writes.refused("visitors"),
        // The watch shows every write that changes an object, once.
        without_effect: (all - writes.refused("visitors")).saturating_sub(events),
    })
}
