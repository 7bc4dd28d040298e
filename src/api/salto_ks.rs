//! The block of SALTO KS.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::text;

/// How SALTO KS is reached, and which site is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct SaltoKs {
    /// Where logins are made: `https://identity.eu.my-clay.com`.
    #[schemars(schema_with = "text::url")]
    pub identity_url: String,
    /// Address of the Connect API: `https://connect.my-clay.com`.
    #[schemars(schema_with = "text::url")]
    pub api_url: String,
    /// The site. Nothing is synced until one is chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::uuid")]
    pub site_id: Option<String>,
    /// What becomes of a user that we made when no group is left; `Leave` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::choice::<LeaverPolicy>")]
    pub on_last_grant_removed: Option<LeaverPolicy>,
    /// Details of the wire that nobody has written down. Leave it out unless the site at hand needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wire: Option<SaltoKsWire>,
}

/// What becomes of a user that we made when no group is left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum LeaverPolicy {
    /// The user stays, and keeps the seat.
    #[default]
    Leave,
    /// The user is suspended; the seat is free.
    Suspend,
    /// The user is deleted with keys and tags; the seat is free.
    Delete,
}

/// What no document says for every account of SALTO KS.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct SaltoKsWire {
    /// How tokens are got; `AuthorizationCode` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::choice::<OauthGrant>")]
    pub grant: Option<OauthGrant>,
    /// Items a page; 100 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub page_size: Option<i32>,
    /// The last name of people who have only one name, since SALTO KS insists on two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::line")]
    pub missing_name: Option<String>,
    /// Whether users are made with their email, upon which SALTO mails them an invitation; `Send` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::choice::<Invitation>")]
    pub invitation: Option<Invitation>,
}

/// How tokens are got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum OauthGrant {
    /// By somebody's consent, then refreshed.
    #[default]
    AuthorizationCode,
    /// With name and password of a system user.
    Password,
}

/// Whether SALTO mails an invitation to new users.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Invitation {
    /// It does.
    #[default]
    Send,
    /// It does not: the user is made without an email, and cannot log in.
    Omit,
}
