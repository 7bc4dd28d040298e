//! A person's data, with a `Debug` that keeps it out of logs.

/// Name and contact of a person. `Debug` shows which fields are set, never their values.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Person {
    /// First name, empty when unknown.
    pub first_name: String,
    /// Last name, never empty in a validated person.
    pub last_name: String,
    /// Email, lower case; empty when unknown.
    pub email: String,
    /// Phone; empty when unknown.
    pub phone: String,
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = |text: &str| if text.is_empty() { "unset" } else { "set" };
        f.debug_struct("Person")
            .field("first_name", &shown(&self.first_name))
            .field("last_name", &shown(&self.last_name))
            .field("email", &shown(&self.email))
            .field("phone", &shown(&self.phone))
            .finish()
    }
}
