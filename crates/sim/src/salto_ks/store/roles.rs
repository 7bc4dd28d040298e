//! Roles. Their ids are constant in an environment, and clients find them by code (2.6).

use uuid::Uuid;

use super::Site;
use crate::frame::Switches;

/// A role on a site.
#[derive(Clone, Debug)]
pub(crate) struct Role {
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) hierarchical: bool,
    /// A smaller rank has more rights.
    pub(crate) rank: u8,
    /// Only custom roles have their own id.
    pub(crate) custom: Option<Uuid>,
}

/// A built-in role and its ids in the accept and the production environment, as far as known.
pub(crate) struct BuiltIn {
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
    pub(crate) hierarchical: bool,
    pub(crate) rank: u8,
    accept: Option<&'static str>,
    production: Option<&'static str>,
}

/// 2.6, the table of roles, with the measured labels (A2); those of super user and guest follow their pattern.
/// Whether `site_guest` is hierarchical is not known.
#[rustfmt::skip] // a table reads better with a row a line
pub(crate) const BUILT_IN: [BuiltIn; 7] = [
    BuiltIn { code: "site_admin", name: "Site Admin", hierarchical: true, rank: 0,
              accept: Some("7d53b0b3-3ef7-11e8-9f1c-0050568d6e36"), production: Some("7d5ded97-8c2f-11e8-a31a-00505692f7ce") },
    BuiltIn { code: "site_super_user", name: "Site Super User", hierarchical: true, rank: 1,
              accept: Some("76f7e578-80fb-11e8-a892-000d3a221c5b"), production: Some("7d9378cf-8c2f-11e8-a31a-00505692f7ce") },
    BuiltIn { code: "site_user", name: "Site User", hierarchical: true, rank: 2,
              accept: Some("8f6081a3-80fb-11e8-a892-000d3a221c5b"), production: None },
    BuiltIn { code: "site_mobile_user", name: "Site Mobile User", hierarchical: false, rank: 3,
              accept: Some("9df437bb-80fb-11e8-a892-000d3a221c5b"), production: None },
    BuiltIn { code: "site_remote_office_mode_user", name: "Site Remote Office Mode User", hierarchical: false, rank: 3,
              accept: Some("58ebcde4-d01d-11eb-b9e0-000d3a46a880"), production: None },
    BuiltIn { code: "site_pod_member", name: "Site Pod Member", hierarchical: false, rank: 3,
              accept: Some("1243f463-1033-11ea-ac2c-000d3a46a880"), production: None },
    BuiltIn { code: "site_guest", name: "Site Guest", hierarchical: false, rank: 3, accept: None, production: None },
];

/// The id of a role in the environment of the switch `roles.ids`.
pub(crate) fn role_id(switches: &Switches, role: &Role) -> Uuid {
    if let Some(id) = role.custom {
        return id;
    }
    let place = BUILT_IN.iter().position(|b| b.code == role.code).unwrap_or(0);
    let known = match switches.get("roles.ids") {
        "accept" => BUILT_IN[place].accept,
        "production" => BUILT_IN[place].production,
        _ => None,
    };
    let own = Uuid::from_u128(0x5a17_0000_0000_4000_8000_0000_0000_0001 + place as u128);
    known.and_then(|text| Uuid::try_parse(text).ok()).unwrap_or(own)
}

/// The id of the role above: measured for `site_user` alone (A2).
pub(crate) fn parent_id(switches: &Switches, site: &Site, role: &Role) -> Option<Uuid> {
    let parent = (role.code == "site_user").then(|| site.role("site_super_user")).flatten()?;
    Some(role_id(switches, &parent))
}
