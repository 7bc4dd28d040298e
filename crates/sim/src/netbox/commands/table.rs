//! All commands that NetBox knows (2.6), with the rights that they need.

use super::super::store::text_field;
use super::{
    Ctx, Done, credentials, doors, events, fail, groups, level_edit, level_groups, levels, people, search,
    session, time, udf, virtual_credentials,
};

/// The rights that a command needs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Need {
    /// Nothing: Login.
    Nothing,
    /// A session.
    Session,
    /// A session with the right to write.
    Write,
    /// A session with full system setup.
    Setup,
}

/// One command.
pub(crate) struct Command {
    /// Its name.
    pub name: &'static str,
    /// The rights that it needs.
    pub need: Need,
    /// The PARAMS that it knows; `@person` means all fields of a person.
    pub params: &'static [&'static str],
    /// Its function.
    pub run: fn(&mut Ctx<'_>) -> Done,
}

const fn command(
    name: &'static str,
    need: Need,
    params: &'static [&'static str],
    run: fn(&mut Ctx<'_>) -> Done,
) -> Command {
    Command { name, need, params, run }
}

use Need::{Nothing, Session, Setup, Write};

const LEVEL: &[&str] = &[
    "ACCESSLEVELKEY",
    "ACCESSLEVELNAME",
    "TIMESPECGROUPKEY",
    "ACCESSLEVELDESCRIPTION",
    "READERKEY",
    "READERGROUPKEY",
    "THREATLEVELGROUPKEY",
];
const LEVEL_GROUP: &[&str] =
    &["ACCESSLEVELGROUPKEY", "NAME", "DESCRIPTION", "ACCESSLEVELS", "SYSTEMGROUP", "PARTITIONKEY"];
const PORTAL_GROUP: &[&str] =
    &["PORTALGROUPKEY", "NAME", "DESCRIPTION", "PORTALKEYS", "UNLOCKTIMESPECGROUPKEY", "THREATLEVELGROUPKEY"];
const HOLIDAY: &[&str] = &["HOLIDAYKEY", "HOLIDAYNAME", "HOLIDAYGROUPS", "STARTDATE", "ENDDATE"];
const TIME_SPEC: &[&str] = &[
    "TIMESPECKEY",
    "NAME",
    "DESCRIPTION",
    "STARTTIME",
    "ENDTIME",
    "MONDAY",
    "TUESDAY",
    "WEDNESDAY",
    "THURSDAY",
    "FRIDAY",
    "SATURDAY",
    "SUNDAY",
    "HOLIDAYGROUPS",
];

/// The commands that are simulated.
#[rustfmt::skip] // a table reads better with a row a line
const COMMANDS: &[Command] = &[
    command("Login", Nothing, &["USERNAME", "PASSWORD"], session::login),
    command("Logout", Session, &[], session::logout),
    command("GetAPIVersion", Session, &[], session::version),
    command("PingApp", Session, &[], session::ping),
    command("GetPartitions", Session, &["STARTFROMKEY"], session::partitions),
    command("SwitchPartition", Session, &["PARTITIONKEY"], session::switch_partition),
    command("AddPartition", Setup, &["NAME", "TIMEZONE", "DESCRIPTION"], session::add_partition),
    command("AddPerson", Write, &["@person"], people::add),
    command("ModifyPerson", Write, &["@person", "DELETED", "PERSONPURGE", "ALLPARTITIONS", "TRACE", "TRACEMESSAGE"], people::modify),
    command("RemovePerson", Write, &["PERSONID"], people::remove),
    command("GetPerson", Session, &["PERSONID", "ALLPARTITIONS", "ACCESSLEVELDETAILS", "WANTCREDENTIALID", "USERNAME", "ROLE", "AUTHTYPE"], people::get),
    command("GetPicture", Session, &["PERSONID"], people::picture),
    command("SearchPersonData", Session, &["@person", "HOTSTAMP", "RAWCARDNUMBER", "ACCESSLEVEL", "OLDESTLASTMOD", "NEWESTLASTMOD", "DELETED", "ALLPARTITIONS", "CASEINSENSITIVE", "WILDCARDSEARCH", "WANTCREDENTIALID", "ACCESSLEVELDETAILS", "STARTFROMKEY", "CARDFORMAT", "CARDSTATUS", "VEHICLELICNUM", "VEHICLETAGNUM"], search::search),
    command("AddCredential", Write, &["PERSONID", "CARDFORMAT", "ENCODEDNUM", "HOTSTAMP", "WANTCREDENTIALID", "CARDSTATUS", "CARDEXPDATE"], credentials::add),
    command("ModifyCredential", Write, &["PERSONID", "CARDFORMAT", "ENCODEDNUM", "HOTSTAMP", "CREDENTIALID", "DISABLED", "CARDSTATUS", "CARDEXPDATE"], credentials::modify),
    command("RemoveCredential", Write, &["PERSONID", "CARDFORMAT", "ENCODEDNUM", "HOTSTAMP", "CREDENTIALID"], credentials::remove),
    command("GetCardFormats", Session, &[], credentials::formats),
    command("GetCardAccessDetails", Session, &["ENCODEDNUM", "CARDFORMAT", "MAXRECORDS", "OLDESTDTTM"], credentials::access_details),
    command("GetAccessLevels", Session, &["STARTFROMKEY", "STARTFROMNAME", "WANTKEY", "PARTITIONKEY"], levels::list),
    command("GetAccessLevelNames", Session, &["PARTITIONKEY", "STARTFROMNAME"], levels::names),
    command("GetAccessLevel", Session, &["ACCESSLEVELKEY"], levels::get),
    command("AddAccessLevel", Write, LEVEL, level_edit::add),
    command("ModifyAccessLevel", Write, LEVEL, level_edit::modify),
    command("DeleteAccessLevel", Write, &["ACCESSLEVELKEY"], level_edit::delete),
    command("GetAccessLevelGroups", Session, &["STARTFROMKEY", "PARTITIONKEY"], level_groups::list),
    command("GetAccessLevelGroup", Session, &["ACCESSLEVELGROUPKEY", "PARTITIONKEY"], level_groups::get),
    command("AddAccessLevelGroup", Write, LEVEL_GROUP, level_groups::add),
    command("ModifyAccessLevelGroup", Write, LEVEL_GROUP, level_groups::modify),
    command("DeleteAccessLevelGroup", Write, &["ACCESSLEVELGROUPKEY"], level_groups::delete),
    command("GetTimeSpecs", Session, &["STARTFROMKEY"], time::list),
    command("GetTimeSpec", Session, &["TIMESPECKEY"], time::get),
    command("AddTimeSpec", Write, TIME_SPEC, time::add),
    command("ModifyTimeSpec", Write, TIME_SPEC, time::modify),
    command("DeleteTimeSpec", Write, &["TIMESPECKEY"], time::delete),
    command("GetTimeSpecGroups", Session, &["STARTFROMKEY"], groups::list_times),
    command("GetTimeSpecGroup", Session, &["TIMESPECGROUPKEY"], groups::get_times),
    command("AddTimeSpecGroup", Write, &["NAME", "DESCRIPTION", "TIMESPECKEYS"], groups::add_times),
    command("ModifyTimeSpecGroup", Write, &["TIMESPECGROUPKEY", "NAME", "DESCRIPTION", "TIMESPECKEYS"], groups::modify_times),
    command("DeleteTimeSpecGroup", Write, &["TIMESPECGROUPKEY"], groups::delete_times),
    command("GetHolidays", Session, &[], time::list_holidays),
    command("GetHoliday", Session, &["HOLIDAYKEY"], time::get_holiday),
    command("AddHoliday", Write, HOLIDAY, time::add_holiday),
    command("ModifyHoliday", Write, HOLIDAY, time::modify_holiday),
    command("DeleteHoliday", Write, &["HOLIDAYKEY"], time::delete_holiday),
    command("GetPortals", Session, &["STARTFROMKEY"], doors::portals),
    command("GetPortalStatuses", Session, &["ALLPARTITIONS", "PORTALKEY", "STATEKEY", "PARTITIONKEY", "LOCATIONKEY"], doors::statuses),
    command("GetReaders", Session, &["STARTFROMKEY"], doors::readers),
    command("GetReader", Session, &["READERKEY"], doors::reader),
    command("GetReaderGroups", Session, &["STARTFROMKEY"], groups::list_readers),
    command("GetReaderGroup", Session, &["READERGROUPKEY"], groups::get_readers),
    command("AddReaderGroup", Write, &["NAME", "DESCRIPTION", "READERKEYS"], groups::add_readers),
    command("ModifyReaderGroup", Write, &["READERGROUPKEY", "NAME", "DESCRIPTION", "READERKEYS"], groups::modify_readers),
    command("DeleteReaderGroup", Write, &["READERGROUPKEY"], groups::delete_readers),
    command("GetPortalGroups", Session, &["STARTFROMKEY"], groups::list_portals),
    command("GetPortalGroup", Session, &["PORTALGROUPKEY"], groups::get_portals),
    command("AddPortalGroup", Write, PORTAL_GROUP, groups::add_portals),
    command("ModifyPortalGroup", Write, PORTAL_GROUP, groups::modify_portals),
    command("DeletePortalGroup", Write, &["PORTALGROUPKEY"], groups::delete_portals),
    command("LockPortal", Write, &["PORTALKEY"], doors::lock),
    command("UnlockPortal", Write, &["PORTALKEY"], doors::unlock),
    command("MomentaryUnlockPortal", Write, &["PORTALKEY"], doors::momentary),
    command("GetElevators", Session, &["STARTFROMKEY"], doors::no_elevators),
    command("GetFloors", Session, &["STARTFROMKEY"], doors::no_elevators),
    command("GetOutputs", Session, &["STARTFROMKEY"], doors::outputs),
    command("ActivateOutput", Write, &["OUTPUTKEY"], doors::activate),
    command("DeactivateOutput", Write, &["OUTPUTKEY"], doors::deactivate),
    command("GetUDFLists", Session, &[], udf::lists),
    command("GetUDFListItems", Session, &["UDFLISTKEY"], udf::items),
    command("ModifyUDFListItems", Write, &["UDFLISTKEY", "LISTITEMS"], udf::modify),
    command("AddVirtualCredentialRequest", Write, &["PERSONID", "CARDFORMAT"], virtual_credentials::add),
    command("GetVirtualCredentialRequest", Session, &["PERSONID", "CARDFORMAT"], virtual_credentials::get),
    command("RemoveVirtualCredentialRequest", Write, &["PERSONID", "CARDFORMAT"], virtual_credentials::remove),
    command("GetAccessHistory", Session, &["STARTLOGID", "AFTERLOGID", "ORDER", "MAXRECORDS", "ENCODEDNUM", "HOTSTAMP", "CARDFORMAT", "OLDESTDTTM", "NEWESTDTTM"], events::access_history),
    command("GetEventHistory", Session, &["EVENTNAME", "STARTDTTM", "ENDDTTM", "NEXTKEY"], events::event_history),
    command("ListEvents", Session, &["STARTFROMKEY"], events::list),
    command("TriggerEvent", Write, &["EVENTNAME", "EVENTACTION", "PARTITIONID"], events::trigger),
    command("InsertActivity", Write, &["ACTIVITYTYPE", "DETAILS", "PORTALKEY", "ELEVATORKEY", "FLOORKEY", "READERKEY", "PERSONID", "CARDFORMAT", "ENCODEDNUM", "ACTIVITYTEXT"], events::insert),
    // Answered by `stream` before the function of this table is called.
    command("StreamEvents", Session, &["TAGNAMES"], |_| Ok(super::Success::Code)),
];

/// Commands that NetBox knows and the simulator refuses: hardware, threats, administration.
const REFUSED: &[&str] = &[
    "GetLocations",
    "GetPortalStates",
    "DogOnNextExitPortal",
    "AddThreatLevel",
    "ModifyThreatLevel",
    "RemoveThreatLevel",
    "AddThreatLevelGroup",
    "ModifyThreatLevelGroup",
    "RemoveThreatLevelGroup",
    "SetThreatLevel",
    "GetThreatLevels",
    "GetAlarms",
    "AckAlarm",
    "AckEvent",
    "AlarmClearActions",
    "AlarmSetOwner",
    "EventClearActions",
    "AddDutyLog",
    "GetMercuryPanel",
    "GetMercuryPanels",
    "AddMercuryPanel",
    "ModifyMercuryPanel",
    "DeleteMercuryPanel",
    "GetNetworkNode",
    "GetNetworkNodes",
    "AddNetworkNode",
    "ModifyNetworkNode",
    "DeleteNetworkNode",
    "GetSio",
    "GetSios",
    "AddSio",
    "ModifySio",
    "DeleteSio",
    "EditPerson",
    "EditThreatLevel",
    "EditThreatLevelGroup",
    "GetAccessDataLog",
    "GetAccessCardDetails",
    "LoginUserName",
    "LoginUserPassword",
];

/// The command of exactly this name; without one the answer is APIERROR 6.
pub(crate) fn find(name: &str) -> Option<Command> {
    let known = COMMANDS.iter().find(|c| c.name == name);
    if let Some(Command { name, need, params, run }) = known {
        return Some(command(name, *need, params, *run));
    }
    let refused = REFUSED.iter().find(|refused| **refused == name)?;
    Some(command(refused, Session, &[], |_| fail("Command not supported for this device type")))
}

/// The names of all commands that NetBox knows, and whether each is simulated.
pub(crate) fn names() -> impl Iterator<Item = (&'static str, bool)> {
    COMMANDS.iter().map(|c| (c.name, true)).chain(REFUSED.iter().map(|name| (*name, false)))
}

impl Command {
    /// Whether the command has a parameter of this name.
    pub(crate) fn knows(&self, name: &str) -> bool {
        let person = self.params.contains(&"@person");
        self.params.contains(&name) || (person && (OF_PERSON.contains(&name) || text_field(name).is_some()))
    }
}

/// The fields of a person that are not text.
const OF_PERSON: [&str; 6] = ["PERSONID", "ACTDATE", "EXPDATE", "ACCESSLEVELS", "VEHICLES", "PARTITIONKEY"];
