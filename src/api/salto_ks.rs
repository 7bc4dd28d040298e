//! The block of SALTO KS.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::text;

/// The connection to a site of SALTO KS.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct SaltoKs {
    /// Address of the identity host: `https://identity.eu.my-clay.com`.
    #[schemars(schema_with = "text::url")]
    pub identity_url: String,
    /// Address of the Connect API: `https://connect.my-clay.com`.
    #[schemars(schema_with = "text::url")]
    pub api_url: String,
    /// The site. Nothing is synced without a site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::uuid")]
    pub site_id: Option<String>,
    /// The action for a user that we created when the user has no group left; `Leave` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::choice::<LeaverPolicy>")]
    pub on_last_grant_removed: Option<LeaverPolicy>,
    /// Details of the protocol that no document describes. Omit it unless your site needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wire: Option<SaltoKsWire>,
}

/// The action for a user that we created when the user has no group left.
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

/// Details of the protocol that no document describes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct SaltoKsWire {
    /// How tokens are requested; `AuthorizationCode` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::choice::<OauthGrant>")]
    pub grant: Option<OauthGrant>,
    /// Items per page; 100 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub page_size: Option<i32>,
    /// The last name for people with only one name, since SALTO KS requires two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::line")]
    pub missing_name: Option<String>,
    /// Whether users are created with their email, so that SALTO mails them an invitation; `Send` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::choice::<Invitation>")]
    pub invitation: Option<Invitation>,
}

/// How tokens are requested.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum OauthGrant {
    /// With the consent of a user, and refreshed afterwards.
    #[default]
    AuthorizationCode,
    /// With name and password of a system user.
    Password,
}

/// Whether SALTO mails an invitation to new users.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Invitation {
    /// It mails an invitation.
    #[default]
    Send,
    /// It mails none: the user is created without an email, and cannot log in.
    Omit,
}
