//! Buildings: companies, cardholders, access profiles, readers (2A.1, 2B.4).

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// A building, the institution of position `building` of row 3.
#[derive(Clone, Debug)]
pub(crate) struct Building {
    /// The institution id.
    pub id: String,
    /// GUID of its owner.
    pub owner: String,
    /// Its name.
    pub name: String,
    /// `BuildingId`.
    pub code: String,
    /// `BuildingNumber`.
    pub number: String,
    /// `BuildingAddress`.
    pub address: String,
    /// Its zone.
    pub zone: TimeZone,
    /// IANA name of its zone.
    pub zone_name: String,
    /// Tenants.
    pub companies: Vec<Company>,
    /// Occupants.
    pub cardholders: Vec<Cardholder>,
    /// Access groups.
    pub profiles: Vec<Profile>,
    /// Card readers.
    pub readers: Vec<Reader>,
    /// GUIDs of the people who may enter since the last 04:00 job (2A.3).
    pub admitted: BTreeSet<String>,
    /// Time of the job's last run, and the number of runs.
    pub job: (Option<Timestamp>, u64),
}

/// A tenant.
#[derive(Clone, Debug)]
pub(crate) struct Company {
    /// Ten digits in the portal (2A.1).
    pub id: String,
    /// `CompanyGuid`.
    pub guid: String,
    /// Its name.
    pub name: String,
    /// Its suite.
    pub suite: Option<String>,
    /// Its floors.
    pub floors: Vec<String>,
    /// Whether it is active.
    pub active: bool,
    /// Its own institution id, used by position `company` of row 3.
    pub institution: Option<String>,
}

/// An occupant.
#[derive(Clone, Debug)]
pub(crate) struct Cardholder {
    /// `CardholderId`.
    pub id: String,
    /// `CardholderGuid`.
    pub guid: String,
    /// First name.
    pub first: Option<String>,
    /// Last name.
    pub last: Option<String>,
    /// `EmailId`; not every cardholder has one (Kastle/P6).
    pub email: Option<String>,
    /// `MobileNumber`.
    pub mobile: Option<String>,
    /// `CompanyId`.
    pub company: Option<String>,
    /// Whether active.
    pub active: bool,
    /// Access profile ids.
    pub profiles: Vec<String>,
    /// Cards.
    pub cards: Vec<Card>,
    /// Deleted by a tenant administrator (2A.3); a switch decides how it is shown.
    pub deleted: bool,
    /// Time of its last change.
    pub modified: Timestamp,
    /// Number of that change.
    pub version: u64,
}

/// A card.
#[derive(Clone, Debug)]
pub(crate) struct Card {
    /// `CardID`.
    pub id: String,
    /// `ExternalNumber`, with its leading zeros.
    pub external: String,
}

/// An access group.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    /// `AccessProfileId`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// Usable for visitors in position `subset` of row 8.
    pub visitors: bool,
    /// The readers that it opens.
    pub readers: Vec<String>,
    /// Its company, if any.
    pub company: Option<String>,
}

/// A card reader.
#[derive(Clone, Debug)]
pub(crate) struct Reader {
    /// `ReaderId`.
    pub id: String,
    /// Its description.
    pub description: String,
    /// Its floor.
    pub floor: String,
}

/// The part of a building that an institution covers (row 3).
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Scope {
    /// All of it.
    All,
    /// The objects without a company.
    Landlord,
    /// One company.
    Company(String),
}

impl Scope {
    /// Whether it covers the objects of this company.
    pub(crate) fn holds(&self, company: Option<&str>) -> bool {
        match self {
            Self::All => true,
            Self::Landlord => company.is_none(),
            Self::Company(id) => company == Some(id),
        }
    }
}

impl Building {
    /// The local date of an instant.
    pub(crate) fn today(&self, now: Timestamp) -> Date {
        self.zone.to_datetime(now).date()
    }

    /// The access profile with this id.
    pub(crate) fn profile(&self, id: &str) -> Option<&Profile> {
        self.profiles.iter().find(|profile| profile.id == id)
    }

    /// The cardholder with this id or GUID.
    pub(crate) fn cardholder_mut(&mut self, id: &str) -> Option<&mut Cardholder> {
        self.cardholders.iter_mut().find(|c| c.id == id || c.guid.eq_ignore_ascii_case(id))
    }

    /// Name of a company by its id.
    pub(crate) fn company_name(&self, id: Option<&str>) -> Option<&str> {
        self.companies.iter().find(|c| Some(c.id.as_str()) == id).map(|c| c.name.as_str())
    }
}

impl Cardholder {
    /// First and last name.
    pub(crate) fn name(&self) -> String {
        let names = [&self.first, &self.last].map(|name| name.clone().unwrap_or_default());
        names.join(" ").trim().to_owned()
    }
}
