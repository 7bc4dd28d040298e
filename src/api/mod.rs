//! The nine kinds of `access.vestibule.dev`, one file each, and their shared types.
//!
//! These types define the declarations, not what the controller does with them. [`publish`] adds the parts that kube's
//! derive cannot express, and generates `crds/`. Rules for people are CEL rules with a sentence, not patterns: the error
//! message of a pattern is the pattern itself.

#![allow(unreachable_pub, reason = "KubeSchema copies each struct with its `pub` into a function")]
#![allow(clippy::duplicated_attributes, reason = "two columns of one type are no duplicate")]

#[macro_use]
mod redact;

mod access_group;
mod access_integration;
mod access_plan;
pub mod condition;
mod former_system;
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
pub use former_system::FormerSystem;
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

/// The observed generation before any controller has seen the object. It never equals a real generation.
fn unseen() -> i64 {
    UNSEEN
}
