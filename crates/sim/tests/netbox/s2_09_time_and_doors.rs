//! 2.9 Time specs, holidays, groups of readers, portals and time specs, doors and outputs.

use serde_json::json;

use crate::harness::{Sim, all, first};

const SPEC: &str = "<NAME>Nights</NAME><STARTTIME>20:00</STARTTIME><ENDTIME>23:59</ENDTIME><MONDAY>1</MONDAY><TUESDAY>1</TUESDAY><SUNDAY>0</SUNDAY><HOLIDAYGROUPS>1,3</HOLIDAYGROUPS>";

/// 2.9 [LIVE] Time specs: weekdays are sent as 1 and 0 and read back as TRUE and FALSE.
#[tokio::test]
async fn s2_9_weekdays_read_back_as_true_and_false() {
    let sim = Sim::new().await;
    assert_eq!(sim.ok("AddTimeSpec", SPEC).await, "<TIMESPECKEY>4</TIMESPECKEY>");
    let wanted = "<TIMESPEC><TIMESPECKEY>4</TIMESPECKEY><NAME>Nights</NAME><DESCRIPTION></DESCRIPTION><STARTTIME>20:00</STARTTIME>\
                  <ENDTIME>23:59</ENDTIME><MONDAY>TRUE</MONDAY><TUESDAY>TRUE</TUESDAY><WEDNESDAY>FALSE</WEDNESDAY><THURSDAY>FALSE</THURSDAY>\
                  <FRIDAY>FALSE</FRIDAY><SATURDAY>FALSE</SATURDAY><SUNDAY>FALSE</SUNDAY><HOLIDAYGROUPS>1,3</HOLIDAYGROUPS></TIMESPEC>";
    assert_eq!(sim.ok("GetTimeSpec", "<TIMESPECKEY>4</TIMESPECKEY>").await, wanted);
    assert!(
        sim.ok("GetTimeSpecs", "").await.ends_with(&format!("{wanted}</TIMESPECS><NEXTKEY>-1</NEXTKEY>"))
    );
}

/// 2.9 [LIVE] AddTimeSpec also makes a group of the same name with this one member.
#[tokio::test]
async fn s2_9_add_time_spec_makes_a_group_of_the_same_name() {
    let sim = Sim::new().await;
    sim.ok("AddTimeSpec", SPEC).await;
    let groups = sim.ok("GetTimeSpecGroups", "").await;
    let wanted = "<NAME>Nights</NAME><DESCRIPTION></DESCRIPTION><TIMESPECKEYS><TIMESPECKEY>4</TIMESPECKEY></TIMESPECKEYS>";
    assert!(groups.contains(wanted), "{groups}");
}

/// 2.9 [LIVE][DOC2] Always (key 1, 00:00-23:59, all days and holiday groups) and Never (key 2) are built in.
#[tokio::test]
async fn s2_9_always_and_never_are_built_in() {
    let sim = Sim::new().await;
    let always = sim.ok("GetTimeSpec", "<TIMESPECKEY>1</TIMESPECKEY>").await;
    assert!(
        always.contains("<NAME>Always</NAME>")
            && always.contains("<STARTTIME>00:00</STARTTIME><ENDTIME>23:59</ENDTIME>")
    );
    assert!(
        always.ends_with("<SUNDAY>TRUE</SUNDAY><HOLIDAYGROUPS>1,2,3,4,5,6,7,8</HOLIDAYGROUPS></TIMESPEC>")
    );
    assert!(sim.ok("GetTimeSpec", "<TIMESPECKEY>2</TIMESPECKEY>").await.contains("<NAME>Never</NAME>"));
    let groups = all(&sim.ok("GetTimeSpecGroups", "").await, "NAME");
    assert_eq!(groups[..2], ["Always", "Never"]);
}

/// 2.11 [LIVE] Always and Never cannot be modified or deleted; the messages are NetBox's own.
#[tokio::test]
async fn s2_11_always_and_never_cannot_be_changed() {
    let sim = Sim::new().await;
    for key in [1, 2] {
        let (spec, group) = (
            format!("<TIMESPECKEY>{key}</TIMESPECKEY>"),
            format!("<TIMESPECGROUPKEY>{key}</TIMESPECGROUPKEY>"),
        );
        assert_eq!(sim.fail("ModifyTimeSpec", &spec).await, "Cannot modify timespecs ALWAYS or NEVER");
        assert_eq!(sim.fail("DeleteTimeSpec", &spec).await, "Cannot Delete timespecs ALWAYS or NEVER");
        sim.fail("ModifyTimeSpecGroup", &group).await;
        sim.fail("DeleteTimeSpecGroup", &group).await;
    }
}

/// 2.13 [LIVE] DeleteTimeSpec edits the groups it belongs to.
#[tokio::test]
async fn s2_13_delete_time_spec_edits_its_groups() {
    let sim = Sim::new().await;
    sim.ok("AddTimeSpec", SPEC).await;
    let group = sim.run("AddTimeSpecGroup", "<NAME>Both</NAME><TIMESPECKEYS><TIMESPECKEY>3</TIMESPECKEY><TIMESPECKEY>4</TIMESPECKEY></TIMESPECKEYS>").await;
    assert_eq!(first(&group, "TIMESPECGROUPKEY"), "5");
    sim.ok("DeleteTimeSpec", "<TIMESPECKEY>4</TIMESPECKEY>").await;
    let groups = sim.ok("GetTimeSpecGroups", "<STARTFROMKEY>5</STARTFROMKEY>").await;
    assert_eq!(all(&groups, "TIMESPECKEY"), ["3"]);
}

/// 2.9 [DOC2] Modify of a time spec group replaces its members; an empty list empties it.
#[tokio::test]
async fn s2_9_modify_time_spec_group_replaces_its_members() {
    let sim = Sim::new().await;
    sim.run("AddTimeSpecGroup", "<NAME>Both</NAME><TIMESPECKEYS><TIMESPECKEY>3</TIMESPECKEY></TIMESPECKEYS>")
        .await;
    let key = "<TIMESPECGROUPKEY>4</TIMESPECGROUPKEY>";
    let members =
        async || all(&sim.ok("GetTimeSpecGroups", "<STARTFROMKEY>4</STARTFROMKEY>").await, "TIMESPECKEY");
    sim.ok("ModifyTimeSpecGroup", &format!("{key}<TIMESPECKEYS><TIMESPECKEY>1</TIMESPECKEY></TIMESPECKEYS>"))
        .await;
    assert_eq!(members().await, ["1"]);
    sim.ok("ModifyTimeSpecGroup", &format!("{key}<TIMESPECKEYS></TIMESPECKEYS>")).await;
    assert!(members().await.is_empty());
}

/// 2.13 [LIVE] GetTimeSpecGroup (singular) fails with ERRMSG NOT FOUND for every key on 6.2.0.
#[tokio::test]
async fn s2_13_one_time_spec_group_is_never_found() {
    let sim = Sim::new().await;
    for key in [1, 3, 99] {
        let params = format!("<TIMESPECGROUPKEY>{key}</TIMESPECGROUPKEY>");
        assert_eq!(sim.fail("GetTimeSpecGroup", &params).await, "NOT FOUND");
    }
}

/// 2.13 [LIVE] Portal groups and time spec groups share one name space: `Duplicate Portal Group`.
#[tokio::test]
async fn s2_13_portal_and_time_spec_groups_share_their_names() {
    let sim = Sim::new().await;
    assert_eq!(sim.fail("AddPortalGroup", "<NAME>Always</NAME>").await, "Duplicate Portal Group");
    sim.ok("AddPortalGroup", "<NAME>Doors</NAME>").await;
    sim.fail("AddTimeSpecGroup", "<NAME>Doors</NAME>").await;
    sim.ok("AddReaderGroup", "<NAME>Doors</NAME>").await;
}

/// 2.9 [LIVE] Modify of a reader group without the list empties the group.
#[tokio::test]
async fn s2_9_modify_reader_group_without_the_list_empties_it() {
    let sim = Sim::new().await;
    let key = "<READERGROUPKEY>3</READERGROUPKEY>";
    let members = async || all(&sim.ok("GetReaderGroup", key).await, "READERKEY");
    assert_eq!(members().await, ["190", "191"]);
    sim.ok("ModifyReaderGroup", &format!("{key}<READERKEYS><READERKEY>201</READERKEY></READERKEYS>")).await;
    assert_eq!(members().await, ["201"]);
    sim.ok("ModifyReaderGroup", &format!("{key}<DESCRIPTION>x</DESCRIPTION>")).await;
    assert!(members().await.is_empty());
    assert_eq!(
        sim.fail("DeleteReaderGroup", key).await,
        "Cannot Delete: May be referenced by an Access Level"
    );
}

/// 2.9 [LIVE] A bare repeated PORTALKEY, the guide's form, is not parsed and empties the portal group.
#[tokio::test]
async fn s2_9_bare_portal_keys_empty_the_group() {
    let sim = Sim::new().await;
    let added = sim
        .ok(
            "AddPortalGroup",
            "<NAME>Doors</NAME><PORTALKEYS><PORTALKEY>57</PORTALKEY><PORTALKEY>58</PORTALKEY></PORTALKEYS>",
        )
        .await;
    assert_eq!(all(&sim.ok("GetPortalGroup", &added).await, "PORTALKEY"), ["57", "58"]);
    sim.ok("ModifyPortalGroup", &format!("{added}<PORTALKEY>57</PORTALKEY>")).await;
    assert!(all(&sim.ok("GetPortalGroup", &added).await, "PORTALKEY").is_empty());
    sim.ok("DeletePortalGroup", &added).await;
    assert_eq!(sim.fail("GetPortalGroup", &added).await, "NOT FOUND");
}

/// 2.9 [LIVE] GetHolidays: one text of keys with commas, unpaged; GetHoliday shows one.
#[tokio::test]
async fn s2_9_holidays_are_one_text_of_keys() {
    let sim = Sim::new().await;
    assert_eq!(sim.ok("GetHolidays", "").await, "<HOLIDAYS>1</HOLIDAYS>");
    let holiday = "<HOLIDAYNAME>Feast</HOLIDAYNAME><HOLIDAYGROUPS>2,4</HOLIDAYGROUPS><STARTDATE>2026-12-24</STARTDATE><ENDDATE>2026-12-27</ENDDATE>";
    assert_eq!(sim.ok("AddHoliday", holiday).await, "<HOLIDAYKEY>2</HOLIDAYKEY>");
    assert_eq!(sim.ok("GetHolidays", "").await, "<HOLIDAYS>1,2</HOLIDAYS>");
    let wanted = "<HOLIDAY><NAME>Feast</NAME><HOLIDAYGROUPS>2,4</HOLIDAYGROUPS><STARTDATE>2026-12-24</STARTDATE><ENDDATE>2026-12-27</ENDDATE></HOLIDAY>";
    assert_eq!(sim.ok("GetHoliday", "<HOLIDAYKEY>2</HOLIDAYKEY>").await, wanted);
    sim.ok("ModifyHoliday", "<HOLIDAYKEY>2</HOLIDAYKEY><ENDDATE>2026-12-28</ENDDATE>").await;
    assert!(
        sim.ok("GetHoliday", "<HOLIDAYKEY>2</HOLIDAYKEY>").await.contains("<ENDDATE>2026-12-28</ENDDATE>")
    );
    sim.ok("DeleteHoliday", "<HOLIDAYKEY>2</HOLIDAYKEY>").await;
    assert_eq!(sim.fail("GetHoliday", "<HOLIDAYKEY>2</HOLIDAYKEY>").await, "NOT FOUND");
}

/// 2.13 [DOC2] A partition has 8 holiday groups and 30 holidays: `Cannot exceed count of 30 Holidays per partition`.
#[tokio::test]
async fn s2_13_there_are_eight_holiday_groups_and_thirty_holidays() {
    let sim = Sim::new().await;
    let holiday = |group: u8| {
        format!(
            "<HOLIDAYNAME>H</HOLIDAYNAME><HOLIDAYGROUPS>{group}</HOLIDAYGROUPS><STARTDATE>2026-12-24</STARTDATE><ENDDATE>2026-12-25</ENDDATE>"
        )
    };
    for group in [0, 9] {
        assert_eq!(sim.fail("AddHoliday", &holiday(group)).await, "Invalid HOLIDAYGROUPS");
    }
    for _ in 0..29 {
        sim.ok("AddHoliday", &holiday(8)).await;
    }
    assert_eq!(sim.fail("AddHoliday", &holiday(8)).await, "Cannot exceed count of 30 Holidays per partition");
}

/// 2.13 [DOC2] A holiday in group G suppresses, on its dates, every time spec that does not tick G.
#[tokio::test]
async fn s2_13_a_holiday_suppresses_specs_that_do_not_tick_its_group() {
    let sim = Sim::new().await;
    let level = "<ACCESSLEVELS><ACCESSLEVEL>Acme Visitors</ACCESSLEVEL></ACCESSLEVELS>";
    sim.add("a", level).await;
    sim.add_card("a", 1).await;
    sim.ok("AddHoliday", "<HOLIDAYNAME>H</HOLIDAYNAME><HOLIDAYGROUPS>5</HOLIDAYGROUPS><STARTDATE>2026-12-01</STARTDATE><ENDDATE>2026-12-02</ENDDATE>").await;
    assert_eq!(sim.door("a", "Acme suite").await, "TIME");
    sim.ok("ModifyTimeSpec", "<TIMESPECKEY>3</TIMESPECKEY><HOLIDAYGROUPS>5</HOLIDAYGROUPS>").await;
    assert_eq!(sim.door("a", "Acme suite").await, "");
}

/// 2.9 [LIVE] GetPortals: portals with their readers in order.
#[tokio::test]
async fn s2_9_portals_show_their_readers() {
    let sim = Sim::new().await;
    let answer = sim.ok("GetPortals", "").await;
    let wanted = "<PORTALS><PORTAL><PORTALKEY>57</PORTALKEY><NAME>Lobby turnstile</NAME><READERS>\
                  <READER><READERKEY>190</READERKEY><NAME>Lobby in</NAME><PORTALORDER>1</PORTALORDER></READER>\
                  <READER><READERKEY>191</READERKEY><NAME>Lobby out</NAME><PORTALORDER>2</PORTALORDER></READER></READERS></PORTAL>";
    assert!(answer.starts_with(wanted) && answer.ends_with("</PORTALS><NEXTKEY>-1</NEXTKEY>"), "{answer}");
}

/// 2.9 [LIVE] GetReaders and GetReader; keys have gaps.
#[tokio::test]
async fn s2_9_reader_keys_have_gaps() {
    let sim = Sim::new().await;
    assert_eq!(all(&sim.ok("GetReaders", "").await, "READERKEY"), ["190", "191", "194", "201", "203", "220"]);
    let wanted = "<READERS><READER><READERKEY>194</READERKEY><NAME>Floor 4 reader</NAME><DESCRIPTION>4th floor, north</DESCRIPTION></READER></READERS>";
    assert_eq!(sim.ok("GetReader", "<READERKEY>194</READERKEY>").await, wanted);
    assert_eq!(sim.fail("GetReader", "<READERKEY>192</READERKEY>").await, "NOT FOUND");
}

/// 2.9 [DOC2] Unlock lasts until Lock; `Invalid portal key`, `Portal state not changed`.
#[tokio::test]
async fn s2_9_portals_are_unlocked_until_locked() {
    let sim = Sim::new().await;
    let key = "<PORTALKEY>58</PORTALKEY>";
    assert_eq!(sim.fail("UnlockPortal", "<PORTALKEY>5</PORTALKEY>").await, "Invalid portal key");
    assert_eq!(sim.fail("LockPortal", key).await, "Portal state not changed");
    assert_eq!(sim.ok("UnlockPortal", key).await, key);
    sim.order("clock", json!({ "advance": "P1D" })).await;
    assert_eq!(first(&sim.ok("GetPortalStatuses", key).await, "STATENAME"), "Unlocked");
    assert_eq!(sim.fail("UnlockPortal", key).await, "Portal state not changed");
    assert_eq!(sim.ok("LockPortal", key).await, key);
    assert_eq!(sim.ok("MomentaryUnlockPortal", key).await, key);
    assert_eq!(first(&sim.ok("GetPortalStatuses", key).await, "STATENAME"), "Locked");
}

/// 2.9 [DOC2] GetPortalStatuses shows one status for each portal, limited by its keys.
#[tokio::test]
async fn s2_9_portal_statuses_are_limited_by_keys() {
    let sim = Sim::new().await;
    assert_eq!(all(&sim.ok("GetPortalStatuses", "").await, "PORTALSTATUS").len(), 5);
    let one = sim.ok("GetPortalStatuses", "<PORTALKEY>70</PORTALKEY>").await;
    assert_eq!(all(&one, "PORTALNAME"), ["Garage gate"]);
    assert!(all(&sim.ok("GetPortalStatuses", "<STATEKEY>2</STATEKEY>").await, "PORTALSTATUS").is_empty());
}

/// 2.11 [LIVE] Outputs: `Output state not changed`.
#[tokio::test]
async fn s2_11_an_output_cannot_be_switched_to_its_present_state() {
    let sim = Sim::new().await;
    assert_eq!(all(&sim.ok("GetOutputs", "").await, "NAME"), ["Lobby strobe", "Garage light"]);
    let key = "<OUTPUTKEY>1</OUTPUTKEY>";
    assert_eq!(sim.fail("DeactivateOutput", key).await, "Output state not changed");
    sim.ok("ActivateOutput", key).await;
    assert_eq!(sim.fail("ActivateOutput", key).await, "Output state not changed");
    assert_eq!(sim.look("state?people=none").await["outputs"][0]["active"], json!(true));
}
