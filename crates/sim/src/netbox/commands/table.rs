//! All commands the box knows (2.6), with what they need.

use super::super::store::text_field;
use super::{Ctx, Done, credentials, fail, levels, people, search, session};

/// What a caller must have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Need {
    /// Nothing: Login.
    Nothing,
    /// A session.
    Session,
    /// A session that may write.
    Write,
    /// A session with full system setup.
    Setup,
}

/// One command.
pub(crate) struct Command {
    /// Its name.
    pub name: &'static str,
    /// What it needs.
    pub need: Need,
    /// The PARAMS it knows; `@person` stands for all fields of a person.
    pub params: &'static [&'static str],
    /// What it does.
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
];

/// Commands the box knows and this one refuses: hardware, threats, what nobody should do from here.
const REFUSED: &[&str] = &[
    "AddVirtualCredentialRequest",
    "GetVirtualCredentialRequest",
    "RemoveVirtualCredentialRequest",
    "GetElevators",
    "GetFloors",
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
    "AddMercuryPanel",
    "ModifyMercuryPanel",
    "DeleteMercuryPanel",
    "GetNetworkNode",
    "AddNetworkNode",
    "ModifyNetworkNode",
    "DeleteNetworkNode",
    "GetSio",
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

/// The command of that name, exactly as written; none is APIERROR 6.
pub(crate) fn find(name: &str) -> Option<Command> {
    let known = COMMANDS.iter().find(|c| c.name == name);
    if let Some(Command { name, need, params, run }) = known {
        return Some(command(name, *need, params, *run));
    }
    let refused = REFUSED.iter().find(|refused| **refused == name)?;
    Some(command(refused, Session, &[], |_| fail("Command not supported for this device type")))
}

/// The names of all commands the box knows, and whether each is simulated.
pub(crate) fn names() -> impl Iterator<Item = (&'static str, bool)> {
    COMMANDS.iter().map(|c| (c.name, true)).chain(REFUSED.iter().map(|name| (*name, false)))
}

impl Command {
    /// Whether a parameter of that name means something to the command.
    pub(crate) fn knows(&self, name: &str) -> bool {
        let person = self.params.contains(&"@person");
        self.params.contains(&name) || (person && (OF_PERSON.contains(&name) || text_field(name).is_some()))
    }
}

/// What a person has beyond text fields.
const OF_PERSON: [&str; 6] = ["PERSONID", "ACTDATE", "EXPDATE", "ACCESSLEVELS", "VEHICLES", "PARTITIONKEY"];
