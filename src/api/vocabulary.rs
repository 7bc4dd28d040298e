//! Names that users and the controller share.

/// The API group of all kinds.
pub const GROUP: &str = "access.vestibule.dev";
/// The one served and stored version.
pub const VERSION: &str = "v1alpha1";
/// `status.observedGeneration` of an object that no controller has seen yet.
pub const UNSEEN: i64 = -1;

/// Commands that a person gives by annotation. They do not change `metadata.generation`.
pub mod annotation {
    /// Sync now. Every new value is a request, and `status.lastHandledSyncAt` echoes the handled one.
    pub const SYNC_REQUESTED_AT: &str = "access.vestibule.dev/sync-requested-at";
    /// Take over the existing person with this external id.
    pub const ADOPT: &str = "access.vestibule.dev/adopt";
    /// Release the held removals with this hash, once.
    pub const RELEASE_DELETIONS: &str = "access.vestibule.dev/release-deletions";
    /// `"true"`: leave the record in the system and remove the finalizer.
    pub const ABANDON: &str = "access.vestibule.dev/abandon";
}

/// Labels that the controller sets.
pub mod label {
    /// On imported Tenants and Occupants: the name of the `AccessIntegration` that imported them.
    pub const IMPORTED_BY: &str = "access.vestibule.dev/imported-by";
}
