//! Debug output without personal data.

/// Implements `Debug` for a type with personal data. It shows the type and the listed fields (references, dates) only:
/// names, emails, phones and card numbers must not reach a log through `{:?}`.
macro_rules! debug_without_people {
    ($kind:ident { $($field:ident),* }) => {
        impl std::fmt::Debug for $kind {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($kind))$(.field(stringify!($field), &self.$field))*.finish_non_exhaustive()
            }
        }
    };
}
