//! Kinds of objects and the fields each has (2A.4, 2B.3 to 2B.5).

use serde::Deserialize;

use super::body::{VISIT_REST, VISITOR_REST};

/// Kinds of objects whose fields can be renamed.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "camelCase")]
pub(super) enum Kind {
    /// The envelope of every answer (2B.3).
    Envelope,
    /// Its `Page`.
    Page,
    /// Data of a token.
    Token,
    /// An institution.
    Institution,
    /// A tenant.
    Company,
    /// An occupant.
    Cardholder,
    /// A card of an occupant.
    Card,
    /// An access group.
    AccessProfile,
    /// A visit (2A.4, 2B.5).
    Visit,
    /// One item of `VisitorModel`.
    Visitor,
    /// Data of the answer to a new visit.
    VisitAnswer,
    /// One of its `Visitors`.
    VisitorAnswer,
    /// One record of a reader.
    Activity,
}

impl Kind {
    /// Whether it has a field of this name.
    pub(super) fn has(self, name: &str) -> bool {
        let fields: &[&str] = match self {
            Self::Envelope => &["IsSuccess", "ErrorCode", "Message", "TokenStatus", "Data", "Page"],
            Self::Page => &["Number", "Size", "TotalCount"],
            Self::Token => &["Token", "ExpiresInSeconds"],
            Self::Institution => INSTITUTION,
            Self::Company => &["CompanyId", "CompanyGuid", "Name", "Suite", "FloorIds", "IsActive"],
            Self::Cardholder => CARDHOLDER,
            Self::Card => &["CardID", "ExternalNumber"],
            Self::AccessProfile => &["AccessProfileId", "Name", "Description"],
            Self::Visit => return VISIT.contains(&name) || VISIT_REST.contains(&name),
            Self::Visitor => return VISITOR.contains(&name) || VISITOR_REST.contains(&name),
            Self::VisitAnswer => &["VisitGuid", "Visitors"],
            Self::VisitorAnswer => &["CardholderGuid", "ExternalNumber", "QrCode"],
            Self::Activity => ACTIVITY,
        };
        fields.contains(&name)
    }
}

#[rustfmt::skip] // lists
const INSTITUTION: &[&str] = &["InstitutionId", "Name", "BuildingId", "BuildingNumber", "BuildingAddress", "Timezone"];
#[rustfmt::skip]
const CARDHOLDER: &[&str] = &["CardholderId", "CardholderGuid", "FirstName", "LastName", "EmailId", "MobileNumber",
    "CompanyId", "IsActive", "AccessProfileIds", "Cards"];
#[rustfmt::skip]
const VISIT: &[&str] = &["VisitGuid", "InstitutionID", "FloorId", "Timezone", "ArrivalDate", "ArrivalTime",
    "DepartureDate", "DepartureTime", "UserFirstName", "UserLastName", "UserEmail", "UserCardHolderID",
    "VisitingCompany", "AccessProfiles", "IdentityType", "IsAllDayEvent", "NotifyOnArrival",
    "IsSendMailToVisitors", "VisitorModel"];
#[rustfmt::skip]
const VISITOR: &[&str] = &["FirstName", "LastName", "Email", "VisitorCompany", "MobileNumber", "CardholderGuid"];
#[rustfmt::skip]
const ACTIVITY: &[&str] = &["ActivityId", "DateTimeUtc", "PersonnelName", "CardNumber", "LockoutReason",
    "CompanyName", "ReaderId"];
