//! 2.5 Versions and features that do not exist, 2.6 the command list.

use crate::harness::Sim;

/// 2.5 [LIVE] GetAPIVersion returns the release.
#[tokio::test]
async fn s2_5_get_api_version_returns_the_release() {
    let sim = Sim::new().await;
    assert_eq!(sim.ok("GetAPIVersion", "").await, "<APIVERSION>6.2.0</APIVERSION>");
    sim.switch("box.version", "5.4.1").await;
    assert_eq!(sim.ok("GetAPIVersion", "").await, "<APIVERSION>5.4.1</APIVERSION>");
}

/// 2.5 [DOC2] There is no JSON form.
#[tokio::test]
async fn s2_5_json_is_not_understood() {
    let sim = Sim::new().await;
    let answer = sim.post("{\"command\": \"Login\"}").await;
    assert_eq!(answer, "<NETBOX><RESPONSE><APIERROR>4</APIERROR></RESPONSE></NETBOX>");
}

/// Section 2.6, word for word, with its abbreviations expanded.
const LIST: &str = "Login Logout GetAPIVersion PingApp SwitchPartition GetPartitions AddPartition \
    AddPerson ModifyPerson RemovePerson GetPerson SearchPersonData GetPicture \
    AddCredential ModifyCredential RemoveCredential GetCardFormats GetCardAccessDetails \
    AddVirtualCredentialRequest GetVirtualCredentialRequest RemoveVirtualCredentialRequest \
    AddAccessLevel ModifyAccessLevel DeleteAccessLevel GetAccessLevel GetAccessLevels GetAccessLevelNames \
    AddAccessLevelGroup ModifyAccessLevelGroup DeleteAccessLevelGroup GetAccessLevelGroup GetAccessLevelGroups \
    AddTimeSpec ModifyTimeSpec DeleteTimeSpec GetTimeSpec GetTimeSpecs AddTimeSpecGroup ModifyTimeSpecGroup \
    DeleteTimeSpecGroup GetTimeSpecGroup GetTimeSpecGroups AddHoliday ModifyHoliday DeleteHoliday GetHoliday \
    GetHolidays GetPortals GetReader GetReaders GetOutputs GetElevators GetFloors AddPortalGroup ModifyPortalGroup \
    DeletePortalGroup GetPortalGroup GetPortalGroups AddReaderGroup ModifyReaderGroup DeleteReaderGroup \
    GetReaderGroup GetReaderGroups LockPortal UnlockPortal MomentaryUnlockPortal DogOnNextExitPortal \
    ActivateOutput DeactivateOutput GetPortalStates GetPortalStatuses GetLocations \
    AddThreatLevel ModifyThreatLevel RemoveThreatLevel AddThreatLevelGroup ModifyThreatLevelGroup \
    RemoveThreatLevelGroup SetThreatLevel GetThreatLevels GetUDFLists GetUDFListItems ModifyUDFListItems \
    GetEventHistory GetAccessHistory ListEvents TriggerEvent StreamEvents InsertActivity GetAlarms AckAlarm AckEvent \
    AlarmClearActions AlarmSetOwner EventClearActions AddDutyLog EditPerson EditThreatLevel EditThreatLevelGroup \
    GetAccessDataLog GetAccessCardDetails LoginUserName LoginUserPassword \
    GetMercuryPanel AddMercuryPanel ModifyMercuryPanel DeleteMercuryPanel GetNetworkNode AddNetworkNode \
    ModifyNetworkNode DeleteNetworkNode GetSio AddSio ModifySio DeleteSio";

/// 2.6 [DOC2] NetBox knows every command of the list; a command that is not simulated is refused, never APIERROR 6.
#[tokio::test]
async fn s2_6_every_command_of_the_list_is_known() {
    let sim = Sim::new().await;
    for name in LIST.split_whitespace().filter(|name| !["Logout", "StreamEvents"].contains(name)) {
        let answer = sim.run(name, "").await;
        assert!(!answer.contains("<APIERROR>6</APIERROR>"), "{name}: {answer}");
    }
    let known: Vec<&str> = vestibule_sim::netbox::commands().map(|(name, _)| name).collect();
    for name in LIST.split_whitespace() {
        assert!(known.contains(&name), "{name}");
    }
}

/// 2.6 [INF] Commands for hardware, threats and alarms answer FAIL.
#[tokio::test]
async fn s2_6_commands_that_are_not_simulated_are_refused_with_fail() {
    let sim = Sim::new().await;
    for name in ["GetLocations", "SetThreatLevel", "GetAlarms", "AddSio", "EditPerson"] {
        assert_eq!(sim.fail(name, "").await, "Command not supported for this device type", "{name}");
    }
}

/// 2.6 [DOC2] People and credentials are Removed, everything else is Deleted; ping is PingApp.
#[tokio::test]
async fn s2_6_verbs_must_be_exact() {
    let sim = Sim::new().await;
    for name in
        ["DeletePerson", "DeleteCredential", "RemoveAccessLevel", "RemoveHoliday", "Ping", "GetPortal"]
    {
        assert_eq!(sim.run(name, "").await, "<APIERROR>6</APIERROR>", "{name}");
    }
}

/// 2.5 [INF] No command has visitor, company, tenant, department, batch or transaction in its name.
#[tokio::test]
async fn s2_5_there_are_no_visitors_companies_or_batches() {
    for (name, _) in vestibule_sim::netbox::commands() {
        let lower = name.to_lowercase();
        for word in ["visitor", "company", "tenant", "department", "batch", "transaction"] {
            assert!(!lower.contains(word), "{name}");
        }
    }
}

/// 2.6 [LIVE] GetPartitions: default key 1 Master, NEXTKEY -1.
#[tokio::test]
async fn s2_6_get_partitions_shows_master() {
    let sim = Sim::new().await;
    let wanted = "<PARTITIONS><PARTITION><PARTITIONKEY>1</PARTITIONKEY><NAME>Master</NAME>\
                  <DESCRIPTION>Master partition</DESCRIPTION></PARTITION></PARTITIONS><NEXTKEY>-1</NEXTKEY>";
    assert_eq!(sim.ok("GetPartitions", "").await, wanted);
}

/// 2.6 [DOC2] AddPartition needs full system setup.
#[tokio::test]
async fn s2_6_add_partition_needs_name_and_setup() {
    let sim = Sim::new().await;
    assert_eq!(sim.fail("AddPartition", "<TIMEZONE>UTC</TIMEZONE>").await, "Missing NAME");
    let session = sim.login("reader", "reader").await.unwrap();
    let answer = sim.post(&crate::harness::command(&session, "AddPartition", "<NAME>E</NAME>")).await;
    assert!(answer.contains("<APIERROR>5</APIERROR>"));
}
