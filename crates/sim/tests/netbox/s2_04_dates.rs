//! 2.4 Dates and times.

use serde_json::json;

use crate::harness::{Sim, first};

/// 2.4 [DOC2] Input `YYYY-MM-DD HH:MM` or `YYYY-MM-DD`, output `YYYY-MM-DD HH:MM:SS`, local time without offset.
#[tokio::test]
async fn s2_4_dates_are_sent_to_the_minute_and_answered_with_seconds() {
    let sim = Sim::new().await;
    sim.add("a", "<ACTDATE>2026-12-01 08:05</ACTDATE><EXPDATE>2026-12-02</EXPDATE>").await;
    let answer = sim.ok("GetPerson", "<PERSONID>a</PERSONID>").await;
    assert_eq!(first(&answer, "ACTDATE"), "2026-12-01 08:05:00");
    assert_eq!(first(&answer, "EXPDATE"), "2026-12-02 00:00:00");
    for wrong in ["12/01/2026", "2026-12-01T08:00:00Z", "2026-02-30", "soon"] {
        let params = format!("<PERSONID>a</PERSONID><EXPDATE>{wrong}</EXPDATE>");
        assert_eq!(sim.fail("ModifyPerson", &params).await, "Invalid EXPDATE");
    }
}

/// 2.4 [?] A bare EXPDATE is the start, or the end of that day (2.16 #4).
#[tokio::test]
async fn s2_4_a_bare_date_is_the_start_or_the_end_of_its_day() {
    let sim = Sim::with(&[("dates.bare", "end-of-day")]).await;
    sim.add("a", "<ACTDATE>2026-12-01</ACTDATE><EXPDATE>2026-12-02</EXPDATE>").await;
    let answer = sim.ok("GetPerson", "<PERSONID>a</PERSONID>").await;
    assert_eq!(first(&answer, "ACTDATE"), "2026-12-01 00:00:00");
    assert_eq!(first(&answer, "EXPDATE"), "2026-12-02 23:59:00");
}

/// 2.4 [?] EXPDATE and CARDEXPDATE: access has ended in that minute, or is still valid (2.16 #4).
#[tokio::test]
async fn s2_4_the_minute_of_an_expiry_is_exclusive_or_inclusive() {
    let sim = Sim::new().await;
    let levels = "<ACCESSLEVELS><ACCESSLEVEL>Lobby</ACCESSLEVEL></ACCESSLEVELS>";
    sim.add("a", &format!("<EXPDATE>2026-12-01 18:00</EXPDATE>{levels}")).await;
    sim.add_card("a", 1).await;
    sim.clock("2026-12-01T22:59:59Z").await;
    assert_eq!(sim.door("a", "Lobby turnstile").await, "");
    sim.clock("2026-12-01T23:00:00Z").await;
    assert_eq!(sim.door("a", "Lobby turnstile").await, "EXPIRED");
    sim.switch("dates.expiry", "inclusive").await;
    sim.clock("2026-12-01T23:00:59Z").await;
    assert_eq!(sim.door("a", "Lobby turnstile").await, "");
    sim.clock("2026-12-01T23:01:00Z").await;
    assert_eq!(sim.door("a", "Lobby turnstile").await, "EXPIRED");
}

/// 2.4 [LIVE] A time of day `HH:MM` includes the end minute to its 59th second.
#[tokio::test]
async fn s2_4_the_end_minute_of_a_time_spec_is_included() {
    let sim = Sim::new().await;
    let levels = "<ACCESSLEVELS><ACCESSLEVEL>Acme Visitors</ACCESSLEVEL></ACCESSLEVELS>";
    sim.add("a", levels).await;
    sim.add_card("a", 1).await;
    sim.clock("2026-12-01T23:59:59Z").await; // 18:59:59
    assert_eq!(sim.door("a", "Acme suite").await, "");
    sim.clock("2026-12-02T00:00:00Z").await; // 19:00:00
    assert_eq!(sim.door("a", "Acme suite").await, "TIME");
}

/// 2.4 [LIVE] ENDDATE of a holiday is exclusive.
#[tokio::test]
async fn s2_4_the_end_date_of_a_holiday_is_exclusive() {
    let sim = Sim::new().await;
    let levels = "<ACCESSLEVELS><ACCESSLEVEL>Acme Visitors</ACCESSLEVEL></ACCESSLEVELS>";
    sim.add("a", levels).await;
    sim.add_card("a", 1).await;
    let holiday = "<HOLIDAYNAME>Inventory</HOLIDAYNAME><HOLIDAYGROUPS>2</HOLIDAYGROUPS><STARTDATE>2026-12-01</STARTDATE><ENDDATE>2026-12-02</ENDDATE>";
    sim.ok("AddHoliday", holiday).await;
    assert_eq!(sim.door("a", "Acme suite").await, "TIME");
    sim.clock("2026-12-02T14:00:00Z").await;
    assert_eq!(sim.door("a", "Acme suite").await, "");
}

/// 2.4 [LIVE] Controller clocks drift: LASTEDIT shows the controller's clock, with an offset of 4 h 35 min here.
#[tokio::test]
async fn s2_4_the_clock_of_the_controller_can_be_wrong() {
    let sim = Sim::with(&[("box.clock-offset", "16500")]).await;
    sim.add("a", "").await;
    let answer = sim.ok("GetPerson", "<PERSONID>a</PERSONID>").await;
    assert_eq!(first(&answer, "LASTEDIT"), "2026-12-01 13:35:00");
    assert_eq!(sim.look("state?people=none").await["local"], json!("2026-12-01 13:35:00"));
}

/// 2.4 [DOC2] The zone is the controller's own.
#[tokio::test]
async fn s2_4_the_zone_is_the_controllers() {
    let sim = Sim::with(&[("box.zone", "Europe/Berlin")]).await;
    sim.add("a", "").await;
    assert_eq!(
        first(&sim.ok("GetPerson", "<PERSONID>a</PERSONID>").await, "LASTEDIT"),
        "2026-12-01 15:00:00"
    );
    let refused = sim.refused("switches", json!({ "box.zone": "Mars/Olympus" })).await;
    assert_eq!(refused, "there is no time zone `Mars/Olympus`");
}

/// 2.4 [DOC2] LASTEDIT is the date-time of the last change, LASTMOD its date only.
#[tokio::test]
async fn s2_4_lastedit_has_a_time_and_lastmod_has_none() {
    let sim = Sim::new().await;
    sim.add("a", "").await;
    sim.clock("2026-12-03T02:30:45Z").await;
    sim.ok("ModifyPerson", "<PERSONID>a</PERSONID><NOTES>x</NOTES>").await;
    let answer = sim.ok("GetPerson", "<PERSONID>a</PERSONID>").await;
    assert_eq!(first(&answer, "LASTMOD"), "2026-12-02");
    assert_eq!(first(&answer, "LASTEDIT"), "2026-12-02 21:30:45");
    assert_eq!(first(&answer, "LASTEDITPERSONID"), "sim");
}

/// 2.4 [CODE] An absent date is read back as an empty element or as the literal text `null`.
#[tokio::test]
async fn s2_4_an_absent_date_is_an_empty_element_or_null() {
    let sim = Sim::new().await;
    sim.add("a", "").await;
    assert_eq!(first(&sim.ok("GetPerson", "<PERSONID>a</PERSONID>").await, "EXPDATE"), "");
    sim.switch("dates.none", "null").await;
    assert_eq!(first(&sim.ok("GetPerson", "<PERSONID>a</PERSONID>").await, "EXPDATE"), "null");
}
