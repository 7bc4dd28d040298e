//! The nine kinds of `access.vestibule.dev`, one file each, and the pieces they share.
//!
//! These types say what may be declared and nothing about what is done with it. What kube's derive cannot say is added
//! by [`publish`]; `crds/` is printed from there. A rule that a person can break has a sentence, not a pattern: a
//! pattern answers with itself.

#![allow(unreachable_pub, reason = "KubeSchema copies each struct with its `pub` into a function")]
#![allow(clippy::duplicated_attributes, reason = "two columns of one type are no duplicate")]

#[macro_use]
mod redact;

mod access_group;
mod access_integration;
mod access_plan;
pub mod condition;
mod grant;
mod kastle;
mod lenel_s2;
mod occupant;
mod plan_subscription;
mod property;
pub mod publish;
mod record;
mod reference;
mod salto_ks;
mod self_registration;
mod tenant;
mod text;
mod visitor;
mod vocabulary;

pub use access_group::{AccessGroup, AccessGroupSpec, AccessGroupStatus};
pub use access_integration::{
    AccessIntegration, AccessIntegrationSpec, AccessIntegrationStatus, AccessLogs, Adoption, DeletionGuard,
    DeletionPolicy, HeldDeletions, LogFormat, Mode, OccupantDirection, RateLimit, TenantGroups,
    VisitorAccess, VisitorDirection,
};
pub use access_plan::{AccessPlan, AccessPlanSpec, AccessPlanStatus};
pub use grant::Grant;
pub use kastle::{
    Kastle, KastleAuth, KastleDoor, KastleEnvelope, KastleLimits, KastleTenant, KastleWire, ReaderActivity,
    TimeZoneStyle, VisitorPhone,
};
pub use lenel_s2::{
    BodyForm, CaBundle, CardIdentity, DateFormatAttribute, ExpiryEdge, LenelS2, LenelS2Wire, NameAlphabet,
};
pub use occupant::{Credential, Occupant, OccupantSpec, OccupantStatus};
pub use plan_subscription::{
    PlanSubscription, PlanSubscriptionSpec, PlanSubscriptionStatus, Subscriber, SubscriptionState,
};
pub use property::{
    Administrator, NotifyPolicy, Property, PropertyCounts, PropertySchedule, PropertySpec, PropertyStatus,
    PropertyVisitors, Provision, SelfRegistrationPolicy, SelfRegistrationState,
};
pub use record::Record;
pub use reference::{KeyRef, NameRef};
pub use salto_ks::{Invitation, LeaverPolicy, OauthGrant, SaltoKs, SaltoKsWire};
pub use self_registration::{SelfRegistration, SelfRegistrationSpec, SelfRegistrationStatus};
pub use tenant::{Tenant, TenantSpec, TenantStatus};
pub use visitor::{VisitWindow, Visitor, VisitorSpec, VisitorStatus};
pub use vocabulary::{GROUP, UNSEEN, VERSION, annotation, label};

/// The generation a status has observed before any controller has looked: never equal to a real one.
fn unseen() -> i64 {
    UNSEEN
}
