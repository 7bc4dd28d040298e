//! Debug output without people.

/// `Debug` for a type that holds somebody's data: its name and the fields listed (references, dates), nothing else.
/// Names, emails, phones and card numbers must not reach a log by way of `{:?}`.
macro_rules! debug_without_people {
    ($kind:ident { $($field:ident),* }) => {
        impl std::fmt::Debug for $kind {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($kind))$(.field(stringify!($field), &self.$field))*.finish_non_exhaustive()
            }
        }
    };
}
