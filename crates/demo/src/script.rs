//! The five steps of the demo. Each runs the commands of a user, shows the records of the NetBox, and checks them. A
//! step with another result than the announced one ends the demo.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::Error;
use super::holdings::{Expected, Holdings};
use super::screen::Screen;
use super::shell::Shell;
use super::stage::Props;

/// The namespace of the examples.
pub(super) const NAMESPACE: &str = "building";
/// 10:00 in New York on the first day of the examples.
pub(super) const BEGINNING: Timestamp = Timestamp::constant(1_796_137_200, 0);
/// The next midnight there.
const MIDNIGHT: Timestamp = Timestamp::constant(1_796_187_600, 0);
/// How long a condition may take that an idle machine fulfils within a second.
const DEADLINE: Duration = Duration::from_mins(1);
pub(super) const TIMEOUT: &str = "--timeout=60s";

const ADA: Expected = Expected {
    name: "Ada Byron",
    levels: "Acme Visitors, Lobby",
    from: "2026-12-01 09:00",
    until: "2026-12-01 17:00",
    card: "-",
};
const CHARLES: Expected = Expected {
    name: "Charles Babbage",
    levels: "Acme Visitors, Lobby",
    from: "2026-12-01 00:00",
    until: "2026-12-02 00:00",
    card: "0004711",
};
const MARY: Expected = Expected {
    name: "Mary Somerville",
    levels: "Lobby",
    from: "2026-12-01 22:00",
    until: "2026-12-02 02:00",
    card: "-",
};
const GRACE: Expected = Expected {
    name: "Grace Hopper",
    levels: "Acme Visitors, Lobby",
    from: "2026-12-02 08:30",
    until: "2026-12-02 18:00",
    card: "-",
};

const LATER: &str = r#"{"spec":{"visit":{"endTime":"19:30"}}}"#;

/// A visitor that a NetBox cannot store.
const EDSGER: &str = "\
apiVersion: access.vestibule.dev/v1alpha1
kind: Visitor
metadata:
  name: edsger
  namespace: building
spec:
  tenantRef:
    name: acme
  lastName: Dijkstra
  visit:
    from: \"2026-12-01\"
";

/// Plays all steps.
pub(super) async fn play(props: &Props, screen: Screen) -> Result<(), Error> {
    let before = props.simulator.holdings().await?;
    let play = Play { props, screen };
    play.arrival().await?;
    play.change().await?;
    play.refusal().await?;
    play.rollover().await?;
    play.deletion().await?;
    play.others_untouched(&before).await
}

struct Play<'a> {
    props: &'a Props,
    screen: Screen,
}

// === impl Play: the steps ===

impl Play<'_> {
    async fn arrival(&self) -> Result<(), Error> {
        self.screen
            .step("1  Tuesday, 10:00 in New York: a building, two companies and four visitors are declared");
        self.kubectl(&["apply", "-f", "examples/"]).await?;
        let kinds = "properties,accessintegrations,tenants,visitors";
        self.typed("wait --for=condition=Ready", &[kinds, "--all", TIMEOUT]).await?;
        let records = "--for=jsonpath={.status.records}=3";
        self.typed("wait accessintegration/netbox", &[records, TIMEOUT]).await?;
        self.typed("get access", &[]).await?;
        let held = self.netbox().await?;
        held.expect(&[ADA, CHARLES, MARY])?;
        self.screen.holds(
            "Today's visitors have exactly their levels and hours; Grace, who comes tomorrow, has no record yet.",
        );
        Ok(())
    }

    async fn change(&self) -> Result<(), Error> {
        self.screen.step("2  Ada stays longer: a changed visitor is a new one");
        let old = self.props.simulator.holdings().await?.the(ADA.name)?.id.clone();
        self.typed("patch visitor ada --type=merge", &["-p", LATER]).await?;
        self.typed("wait --for=condition=Ready visitor/ada", &[TIMEOUT]).await?;
        let held = self.netbox().await?;
        held.expect(&[Expected { until: "2026-12-01 19:30", ..ADA }, CHARLES, MARY])?;
        held.removed(&old)?;
        if held.the(ADA.name)?.id == old {
            return Err(Error::NotShown("Ada has the same record as before".to_owned()));
        }
        self.screen.holds("Ada has one record, a new one; her old one opens nothing any more.");
        Ok(())
    }

    async fn refusal(&self) -> Result<(), Error> {
        self.screen.step("3  A visitor without email and phone is refused with a sentence");
        let before = self.props.simulator.holdings().await?;
        self.props.write("edsger.yaml", EDSGER)?;
        Shell::cat("edsger.yaml", EDSGER, self.screen);
        self.kubectl(&["apply", "-f", "edsger.yaml"]).await?;
        self.typed("wait --for=condition=Stalled visitor/edsger", &[TIMEOUT]).await?;
        let said = self.typed("get visitor edsger -o wide", &[]).await?;
        let sentence = "requires an email or a phone of a visitor";
        if !said.contains(sentence) || !said.contains("InvalidSpec") {
            return Err(Error::NotShown(format!(
                "the visitor's message should say that the system {sentence}"
            )));
        }
        if !self.props.simulator.holdings().await?.same_people(&before) {
            return Err(Error::NotShown("the NetBox has changed".to_owned()));
        }
        self.screen.holds("The message says what to do, and nothing was sent to the NetBox.");
        Ok(())
    }

    async fn rollover(&self) -> Result<(), Error> {
        self.screen
            .step("4  Midnight: both clocks jump; yesterday's records are removed, today's are created");
        let before = self.props.simulator.holdings().await?;
        self.props.jump(MIDNIGHT).await?;
        let charles = Expected { from: "2026-12-02 00:00", until: "2026-12-03 00:00", ..CHARLES };
        self.until(&[charles, MARY, GRACE]).await?;
        self.wait_for_reason("ada", "Expired").await?;
        self.wait_for_reason("grace", "Succeeded").await?;
        self.typed("get visitors", &[]).await?;
        let held = self.netbox().await?;
        held.expect(&[charles, MARY, GRACE])?;
        held.removed(&before.the(ADA.name)?.id)?;
        if held.the(MARY.name)?.id != before.the(MARY.name)?.id {
            return Err(Error::NotShown("Mary's record was replaced during the visit".to_owned()));
        }
        self.screen.holds(
            "Ada has no record and Grace has one; Charles has a new record for the second day; Mary may stay until 02:00 and keeps the same record.",
        );
        Ok(())
    }

    async fn deletion(&self) -> Result<(), Error> {
        self.screen.step(
            "5  Charles is deleted: the record is removed at once, and the object when that is confirmed",
        );
        let old = self.props.simulator.holdings().await?.the(CHARLES.name)?.id.clone();
        self.typed("delete visitor charles", &[TIMEOUT]).await?;
        let held = self.netbox().await?;
        held.expect(&[MARY, GRACE])?;
        held.removed(&old)?;
        self.screen.holds("Charles and the card open nothing any more.");
        Ok(())
    }

    async fn others_untouched(&self, before: &Holdings) -> Result<(), Error> {
        let held = self.props.simulator.holdings().await?;
        if held.others() != before.others() {
            return Err(Error::NotShown(
                "a person of the NetBox that Vestibule did not create was changed".to_owned(),
            ));
        }
        let count = held.others().len();
        self.screen.holds(&format!("The {count} people that Vestibule did not create are unchanged."));
        Ok(())
    }
}

// === impl Play: the parts of steps ===

impl Play<'_> {
    async fn kubectl(&self, arguments: &[&str]) -> Result<String, Error> {
        self.props.shell.kubectl(arguments, self.screen).await
    }

    /// A command in the namespace of the building.
    async fn typed(&self, words: &str, more: &[&str]) -> Result<String, Error> {
        let words = ["-n", NAMESPACE].into_iter().chain(words.split(' ')).chain(more.iter().copied());
        self.kubectl(&words.collect::<Vec<_>>()).await
    }

    async fn wait_for_reason(&self, visitor: &str, reason: &str) -> Result<(), Error> {
        let path = r#"{.status.conditions[?(@.type=="Ready")].reason}"#;
        let condition = format!("--for=jsonpath={path}={reason}");
        self.typed("wait", &[&format!("visitor/{visitor}"), &condition, TIMEOUT]).await.map(drop)
    }

    /// Shows the records of the NetBox.
    async fn netbox(&self) -> Result<Holdings, Error> {
        let held = self.props.simulator.holdings().await?;
        Screen::line("");
        Screen::output(&held.table());
        Ok(held)
    }

    /// Waits until the NetBox has exactly these visitors.
    async fn until(&self, expected: &[Expected]) -> Result<(), Error> {
        let asked = Instant::now();
        loop {
            match self.props.simulator.holdings().await?.expect(expected) {
                Err(_) if asked.elapsed() < DEADLINE => tokio::time::sleep(Duration::from_millis(100)).await,
                done => return done,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use vestibule::cli::examples;

    use super::*;

    #[test]
    fn the_clock_begins_and_jumps_to_the_announced_times() {
        let zone = jiff::tz::TimeZone::get("America/New_York").unwrap();
        let local = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%A %Y-%m-%d %H:%M").to_string();
        assert_eq!(local(BEGINNING), "Tuesday 2026-12-01 10:00");
        assert_eq!(local(MIDNIGHT), "Wednesday 2026-12-02 00:00");
    }

    #[test]
    fn the_expected_names_are_those_of_the_examples() {
        let text = examples::stream(&examples::BUILDING);
        for expected in [ADA, CHARLES, MARY, GRACE] {
            let (first, last) = expected.name.split_once(' ').unwrap();
            assert!(text.contains(&format!("firstName: {first}\n  lastName: {last}\n")), "{first}");
        }
        assert!(text.contains(&format!("namespace: {NAMESPACE}\n")));
    }
}
